import { decodeEvent } from '@kwota/audit-log';
import { evolve, newCreditAccount, type CreditEvent } from '@kwota/credit-ledger';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { startSmscSimulator, type SmscSimulator } from '@kwota/smsc-simulator';
import { listenForCallbacks, type CallbackListener } from '@kwota/testing/callback-listener';
import { startKwota, type FirstStart, type KwotaProcess } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const rounds = 20;
const senders = 16;
const settleWithinMs = 120_000;

/** Seven digits of which none ends in a pattern by which the simulator decides: all of them are delivered. */
const receiverOf = (index: number): string => `+3361${1_001_000 + index}`;

let dataDir: string;
let smsc: SmscSimulator;
let callbacks: CallbackListener;
const answeredOk = new Map<number, string>();
let toldOfFailure = 0;
let unanswered = 0;
let asked = 0;
let first: FirstStart;
let running: KwotaProcess | undefined;

const start = async (): Promise<KwotaProcess> =>
  (running = await startKwota(dataDir, { KWOTA_SMSC_URL: smsc.url, KWOTA_CALLBACK_ALLOW: '127.0.0.0/8', KWOTA_CALLBACK_RETRY_SCHEDULE: '1s,1s,1s,5s,5s,30s' }));

const operator = async (kwota: KwotaProcess, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
  const response = await fetch(`${kwota.url}/operator/accounts/${first.serviceName}${path}`, {
    method,
    headers: { authorization: `Bearer ${first.operatorToken}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
};

/** destination_addr has no plus. */
const timesSubmitted = (receiver: string): number => smsc.submissions.count(receiver.slice(1));

/** Sends one SMS after another until the process is gone, and remembers what it was told of each. */
const sendUntilGone = async (kwota: KwotaProcess): Promise<void> => {
  for (;;) {
    const receiver = receiverOf((asked += 1));
    const { serviceName, login, password, sender } = first;
    const query = new URLSearchParams({ account: serviceName, login, password, from: sender, to: receiver, message: 'kill -9', noStop: '1', contentType: 'text/json' });
    try {
      const response = await fetch(`${kwota.url}/http2sms?${query}`);
      const answer = (await response.json()) as { status: number; SmsIds?: string[] };
      if (answer.status === 100) answeredOk.set(Number(answer.SmsIds?.[0]), receiver);
      else toldOfFailure += 1;
    } catch {
      unanswered += 1;
      return;
    }
  }
};

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'kwota-kill-'));
  smsc = await startSmscSimulator();
  callbacks = await listenForCallbacks();
});
afterAll(async () => {
  await running?.kill();
  await smsc.close();
  await callbacks.close();
  rmSync(dataDir, { recursive: true, force: true });
});

it(`killed with -9 ${rounds} times under load: what was answered OK is delivered, settled once and called back, and nobody else is charged`, async () => {
  for (let round = 0; round < rounds; round += 1) {
    const kwota = await start();
    if (round === 0) {
      first = kwota.first;
      await operator(kwota, 'POST', '/credits', { credits: 1_000_000, reference: 'kill' });
      await operator(kwota, 'PUT', `/users/${first.login}`, { callBack: callbacks.url });
    }
    const sending = Array.from({ length: senders }, () => sendUntilGone(kwota));
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 900));
    await kwota.kill();
    await Promise.all(sending);
  }

  const kwota = await start();
  const finals = () => new Set(callbacks.received.filter(({ description }) => description === '1').map(({ id }) => Number(id)));
  await callbacks.until(() => {
    const seen = finals();
    return [...answeredOk.keys()].every((id) => seen.has(id));
  }, settleWithinMs);
  const openHolds = async (): Promise<number> => (await accountInStore()).openCharges.size;
  for (const untilMs = performance.now() + settleWithinMs; (await openHolds()) > 0 && performance.now() < untilMs; )
    await new Promise((resolve) => setTimeout(resolve, 500));
  const reported = await operator(kwota, 'GET', '');
  await kwota.stop();

  const held = new Map<number, number>();
  const captured = new Map<number, number>();
  const account = await accountInStore((event) => {
    if (event.type === 'CreditsHeld') held.set(event.messageId, (held.get(event.messageId) ?? 0) + 1);
    if (event.type === 'CreditsCaptured') captured.set(event.messageId, (captured.get(event.messageId) ?? 0) + 1);
  });
  const submittedTwice = [...answeredOk.values()].filter((receiver) => timesSubmitted(receiver) > 1).length;
  const chargedUnasked = [...captured.keys()].filter((id) => !answeredOk.has(id)).length;
  console.log(
    `${rounds} kills: ${asked} asked, ${answeredOk.size} answered OK, ${toldOfFailure} told of a failure, ${unanswered} without an answer; ` +
      `${captured.size} charged (${chargedUnasked} of them without an answer), ${submittedTwice} submitted twice`,
  );

  expect(answeredOk.size).toBeGreaterThan(rounds);
  for (const [id, receiver] of answeredOk) {
    expect([id, timesSubmitted(receiver) > 0, held.get(id), captured.get(id)]).toEqual([id, true, 1, 1]);
  }
  expect([...captured.values()].every((times) => times === 1)).toBe(true);
  // Whoever got no answer may have been charged, for his SMS went out; whoever was told of a failure may not.
  expect(chargedUnasked).toBeLessThanOrEqual(unanswered);
  expect(account.openCharges.size).toBe(0);
  expect(reported['creditsLeft']).toBe(1_000_200 - captured.size);
}, 600_000);

/** Folds the stream as it lies on the disk: evolve checks the invariants at every event. */
const accountInStore = async (onEvent: (event: CreditEvent) => void = () => undefined) => {
  const store = await SqliteEventStore.openReadOnly({ path: join(dataDir, 'ledger', 'events.db') });
  const account = newCreditAccount(first.serviceName);
  for await (const stored of store.readStream(`credit-${first.serviceName}`)) {
    const { type, data, time, commandId, source } = decodeEvent(stored.data);
    const event = { type, ...data } as CreditEvent;
    onEvent(event);
    evolve(account, event, { timeMs: Date.parse(time), commandId, source: source ?? undefined });
  }
  await store.close();
  return account;
};
