// The guide's five steps and the life of some SMS, played through HTTP against a Kwota of its own; exits 1 if anything differs.
// With --kafka the six services are processes of their own over a real broker, else one standalone plays.
import { startKafka } from '@kwota/kafka/kafka-broker';
import { startServices } from '@kwota/services/start-services';
import { listenForCallbacks } from '@kwota/testing/callback-listener';
import { startKwota, type FirstStart } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playDemo } from './play-demo.js';

// The listener is on loopback, which callbacks may not reach unless the installation says so.
const environment = { KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' };

type Played = Readonly<{ url: string; first: FirstStart; stop(): Promise<unknown> }>;

/** Undefined where no broker can run here; the screen says what is missing. */
const startOverKafka = async (dataDir: string): Promise<Played | undefined> => {
  const kafka = await startKafka();
  if (!kafka) return undefined;
  const services = await startServices({ dataDir, brokers: kafka.brokers, environment }).catch(async (error: unknown) => {
    await kafka.close();
    throw error;
  });
  console.log(`Six processes over Apache Kafka at ${kafka.brokers}.`);
  return { url: services.url, first: services.first, stop: () => services.stop().then(() => kafka.close()) };
};

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-demo-'));
const callbacks = await listenForCallbacks();
try {
  const kwota = process.argv.includes('--kafka') ? await startOverKafka(dataDir) : await startKwota(dataDir, environment);
  if (!kwota) process.exit(2);
  try {
    const differences = await playDemo({ url: kwota.url, first: kwota.first, dataDir, callbacks });
    console.log(differences === 0 ? '\nEverything as the guide says.' : `\n${differences} of the above differ from the guide.`);
    process.exitCode = differences === 0 ? 0 : 1;
  } finally {
    await kwota.stop();
  }
} finally {
  await callbacks.close();
  rmSync(dataDir, { recursive: true, force: true });
}
