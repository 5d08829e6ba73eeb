import { isKurrentUrl, isPostgresUrl } from '@kwota/service-kit/needs';
import { text } from 'node:stream/consumers';
import { runKwota } from './kwota.program.js';

process.exitCode = await runKwota(process.argv.slice(2), {
  environment: process.env,
  // Drivers are loaded by the commands that need them.
  openEvents: async (location) => {
    if (isPostgresUrl(location)) return (await import('@kwota/event-store-postgres')).PostgresEventStore.openReadOnly({ url: location });
    if (isKurrentUrl(location)) return (await import('@kwota/event-store-kurrentdb')).KurrentEventStore.openReadOnly({ url: location });
    return (await import('@kwota/event-store-sqlite')).SqliteEventStore.openReadOnly({ path: location });
  },
  openStore: async (location) => {
    if (isPostgresUrl(location)) return (await import('@kwota/event-store-postgres')).PostgresEventStore.open({ url: location });
    if (isKurrentUrl(location)) return (await import('@kwota/event-store-kurrentdb')).KurrentEventStore.open({ url: location });
    return (await import('@kwota/event-store-sqlite')).SqliteEventStore.open({ path: location });
  },
  openTopics: (kafka) => ({
    show: async () => (await import('@kwota/messaging-kafka/open-topics')).showTopics(kafka),
    apply: async () => (await import('@kwota/messaging-kafka/open-topics')).applyWantedTopics(kafka),
  }),
  readStdin: () => text(process.stdin),
  writeOut: (written) => void process.stdout.write(written),
  writeError: (written) => void process.stderr.write(written),
  // The line is cleared to its end, and begun again by the next one.
  showProgress: process.stderr.isTTY ? (line) => void process.stderr.write(`\r${line}\u001b[K`) : undefined,
});
