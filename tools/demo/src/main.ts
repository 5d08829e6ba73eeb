// The guide's five steps and the life of some SMS, played through HTTP against a standalone of its own; exits 1 if anything differs.
import { listenForCallbacks } from '@kwota/testing/callback-listener';
import { startKwota } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playDemo } from './play-demo.js';

if (process.argv.includes('--kafka')) {
  console.error('demo --kafka: this version has no Kafka adapter yet');
  process.exit(2);
}

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-demo-'));
const callbacks = await listenForCallbacks();
// The listener is on loopback, which callbacks may not reach unless the installation says so.
const kwota = await startKwota(dataDir, { KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' });
let differences = 0;
try {
  differences = await playDemo({ url: kwota.url, first: kwota.first, dataDir, callbacks });
} finally {
  await kwota.stop();
  await callbacks.close();
  rmSync(dataDir, { recursive: true, force: true });
}
console.log(differences === 0 ? '\nEverything as the guide says.' : `\n${differences} of the above differ from the guide.`);
process.exitCode = differences === 0 ? 0 : 1;
