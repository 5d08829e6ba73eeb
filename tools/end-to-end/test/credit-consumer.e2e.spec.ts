// docs/examples/credit-consumer.mjs as another team would run it: it comes late, dies, and has each of an account's events once all the same.
import type { SequencedFact } from '@kwota/event-consumer';
import { startKafka, type KafkaBroker } from '@kwota/kafka/kafka-broker';
import { startServices, type Services } from '@kwota/services/start-services';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorApi } from './operator-api.js';

const kafka = await startKafka();
const onKafka = kafka ? it : it.skip;
const broker = kafka as KafkaBroker;
const example = fileURLToPath(new URL('../../../docs/examples/credit-consumer.mjs', import.meta.url));
let dataDir: string;
let services: Services;
let operator: OperatorApi;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  if (!kafka) return;
  dataDir = mkdtempSync(join(tmpdir(), 'kwota-credit-consumer-'));
  services = await startServices({ dataDir, brokers: broker.brokers, environment: { KWOTA_CARRIER_PROFILE: 'kwota' } });
  operator = new OperatorApi(services.url, services.first.operatorToken);
}, 120_000);

afterAll(async () => {
  for (const one of running) one.kill('SIGKILL');
  await services?.stop();
  await kafka?.close();
  if (dataDir) rmSync(dataDir, { recursive: true });
}, 60_000);

const startExample = async (): Promise<ChildProcess> => {
  const one = spawn(process.execPath, [example], { env: { ...process.env, KAFKA_BROKERS: broker.brokers.join(), STORE: join(dataDir, 'consumption.json') }, stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(one);
  await once(one.stdout as NodeJS.ReadableStream, 'data');
  return one;
};
type Kept = { position: SequencedFact['accountSequence']; counted: number };
const kept = (): Kept | undefined => {
  const file = join(dataDir, 'consumption.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Kept>)[services.first.serviceName] : undefined;
};
const buy = (reference: string) => operator.ask('POST', `/accounts/${services.first.serviceName}/credits`, { reference, credits: 5 });
const until = async (isSo: () => boolean): Promise<void> => {
  for (const endMs = Date.now() + 60_000; !isSo(); ) {
    if (Date.now() > endMs) throw new Error(`not within a minute: ${JSON.stringify(kept())}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

onKafka('what happened before it came, and while it was dead, is fetched; each event is counted once', async () => {
  let bought = 0;
  // Its group reads from the topic's end, and only an event after that shows that there is a gap.
  const buyUntil = (isSo: () => boolean) => until(() => (isSo() ? true : (void buy(`order-${(bought += 1)}`), false)));
  const first = await startExample();
  await buyUntil(() => kept() !== undefined);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const whenKilled = kept()?.position ?? 0;
  for (let more = 3; more > 0; more -= 1) await buy(`while dead ${more}`);
  await startExample();
  await buyUntil(() => (kept()?.position ?? 0) >= whenKilled + 4);
  await until(() => kept()?.counted === (kept()?.position ?? 0) + 1);
}, 120_000);
