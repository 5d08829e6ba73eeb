// http2sms under load, whatever runs behind it: answered, and the whole way to the callback.
import type { SmscSimulator } from '@kwota/smsc-simulator';
import type { FirstStart } from '@kwota/testing/kwota-process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Figure } from './figure.js';

const burstSeconds = 10;
const giveUpMs = 600_000;

type Load = { requests: { total: number; average: number }; latency: { p50: number; p99: number }; '2xx': number };
type Sink = Awaited<ReturnType<typeof startSink>>;

export type LoadedKwota = Readonly<{ url: string; first: FirstStart; smsc: SmscSimulator; sink: Sink }>;
/** By number of connections. */
export type AnsweredGoals = Readonly<{ answered: Readonly<Record<number, string>>; p99: Readonly<Record<number, string>> }>;

/** A system with credit enough, and warm. */
export const warmUp = async (kwota: LoadedKwota): Promise<void> => {
  await operator(kwota, 'POST', '/credits', { credits: 10_000_000, reference: 'bench' });
  await load(targetOf(kwota), 32, 2);
};

/** What was answered OK at each number of connections, and how long after the burst the last of it was delivered. */
export const measureAnswered = async (kwota: LoadedKwota, connections: readonly number[], goals: AnsweredGoals): Promise<Figure[]> => {
  const { smsc } = kwota;
  const figures: Figure[] = [];
  for (const count of connections) {
    await rest(kwota);
    const [before, submittedBefore] = [await creditsLeft(kwota), smsc.submissions.total];
    const seconds = count === 1 ? burstSeconds / 2 : burstSeconds;
    const { latency } = await load(targetOf(kwota), count, seconds);
    const endedAtMs = performance.now();
    const accepted = before - (await creditsLeft(kwota));
    const goalOf = (goal: string | undefined) => (goal === undefined ? {} : { goal });
    figures.push({ case: `http2sms answered OK, ${count} connections, ${seconds} s`, value: accepted / seconds, unit: '/s', ...goalOf(goals.answered[count]) });
    figures.push({ case: `http2sms p99, ${count} connections`, value: latency.p99, unit: 'ms', ...goalOf(goals.p99[count]) });
    const isDelivered = (): boolean => smsc.submissions.total - submittedBefore >= accepted && smsc.receiptsWaiting() === 0;
    while (!isDelivered() && performance.now() - endedAtMs < giveUpMs) await pause();
    figures.push({ case: `after the burst of ${count} connections: all at the SMSC, receipts given`, value: (performance.now() - endedAtMs) / 1_000, unit: 's', goal: '≤ 60 s' });
  }
  return figures;
};

/** A burst of 32 connections, until the last final callback was answered; intermediate ones are called back, too. `whole`: the goal in messages a second. */
export const measureWholeWay = async (kwota: LoadedKwota, whole: string): Promise<Figure[]> => {
  const { first, smsc, sink } = kwota;
  await operator(kwota, 'PUT', `/users/${first.login}`, { callBack: sink.url });
  await rest({ smsc, sink });
  const before = await creditsLeft(kwota);
  const finalsBefore = sink.finals;
  const startedAtMs = performance.now();
  await load(targetOf(kwota), 32, burstSeconds);
  const loadEndedAtMs = performance.now();
  const accepted = before - (await creditsLeft(kwota));
  while (sink.finals - finalsBefore < accepted && performance.now() - loadEndedAtMs < giveUpMs) await pause();
  const wholeSeconds = (performance.now() - startedAtMs) / 1_000;
  return [
    { case: 'the whole way: messages whose final callback was answered', value: (sink.finals - finalsBefore) / wholeSeconds, unit: '/s', goal: whole },
    { case: 'the whole way: answered OK and called back', value: ((sink.finals - finalsBefore) / accepted) * 100, unit: '%', goal: '100 %' },
    { case: 'after the burst: until the last final callback', value: (performance.now() - loadEndedAtMs) / 1_000, unit: 's', goal: '≤ 60 s' },
  ];
};

const operator = ({ url, first }: LoadedKwota, method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(`${url}/operator/accounts/${first.serviceName}${path}`, {
    method,
    headers: { authorization: `Bearer ${first.operatorToken}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** http2sms answers HTTP 200 whatever happens: what was accepted is what was paid. */
const creditsLeft = async (kwota: LoadedKwota): Promise<number> => ((await (await operator(kwota, 'GET', '')).json()) as { creditsLeft: number }).creditsLeft;

const targetOf = ({ url, first }: LoadedKwota): string => {
  const { serviceName: account, login, password, sender: from } = first;
  return `${url}/http2sms?${new URLSearchParams({ account, login, password, from, to: '+33612345678', message: 'bench', noStop: '1' })}`;
};

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

/** autocannon in a process of its own, so that it takes no time from the sink. */
export const load = async (url: string, connections: number, seconds: number): Promise<Load> => {
  const child = spawn(process.execPath, ['node_modules/autocannon/autocannon.js', '-j', '-c', String(connections), '-d', String(seconds), url], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'exit');
  return JSON.parse(output) as Load;
};

/** Until SMSC and sink have had nothing to do for three seconds: what came before a measurement must not be counted in it. */
const rest = async ({ smsc, sink }: Pick<LoadedKwota, 'smsc' | 'sink'>): Promise<void> => {
  let quietSinceMs = performance.now();
  for (let seen = -1; performance.now() - quietSinceMs < 3_000; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const now = smsc.submissions.total + sink.finals;
    if (seen === now && smsc.receiptsWaiting() === 0) continue;
    seen = now;
    quietSinceMs = performance.now();
  }
};

/** A customer's endpoint that counts finals. */
export const startSink = async () => {
  let finals = 0;
  const server = createServer((request, response) => {
    if (/[?&]description=(?:1|2|16)(?:&|$)/.test(request.url ?? '')) finals += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/dlr`,
    get finals() {
      return finals;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
};
