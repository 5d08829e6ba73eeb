import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { text } from 'node:stream/consumers';
import { runKwota } from './kwota.program.js';

process.exitCode = await runKwota(process.argv.slice(2), {
  environment: process.env,
  openEvents: (path) => SqliteEventStore.openReadOnly({ path }),
  readStdin: () => text(process.stdin),
  writeOut: (written) => void process.stdout.write(written),
  writeError: (written) => void process.stderr.write(written),
});
