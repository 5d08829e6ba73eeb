import type { EventReader, EventStore, StoredEvent } from '@kwota/event-store';
import type { TopicsOfLog } from '../src/manage-topics/topics.commands.js';
import { runKwota } from '../src/kwota.program.js';

export type Run = Readonly<{ exitCode: number; out: string; error: string }>;

type Given = Readonly<{ stdin?: string; topics?: TopicsOfLog; openEvents?: (path: string) => Promise<EventReader>; openStore?: (path: string) => Promise<EventStore> }>;
const noTopics: TopicsOfLog = { show: async () => [], apply: async () => [] };

const noEvents = async (): Promise<EventReader> => ({
  readStream: none,
  readAll: none,
  streams: async () => [],
  loadSnapshot: async () => undefined,
  health: () => ({ ready: true, reasons: [] }),
  close: async () => undefined,
});

const noStore = (): Promise<EventStore> => Promise.reject(new Error('there is no store'));

async function* none(): AsyncGenerator<StoredEvent> {}

/** One command line in this process, with what it wrote. */
export const run = async (commandLine: readonly string[], environment: NodeJS.ProcessEnv, { stdin = '', topics = noTopics, openEvents = noEvents, openStore = noStore }: Given = {}): Promise<Run> => {
  const out: string[] = [];
  const error: string[] = [];
  const exitCode = await runKwota(commandLine, {
    environment,
    openEvents,
    openStore,
    openTopics: () => topics,
    readStdin: async () => stdin,
    writeOut: (text) => void out.push(text),
    writeError: (text) => void error.push(text),
  });
  return { exitCode, out: out.join(''), error: error.join('') };
};
