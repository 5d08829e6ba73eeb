// The process that crash.int.spec.ts kills and stops: appends without end to three streams and tells on stdout what it was told.
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { AppendFailed, type StreamAppend } from '@kwota/event-store';
import { PostgresEventStore } from './postgres-event-store.js';

const [url] = process.argv.slice(2);
if (url === undefined) throw new Error('usage: crash.writer <URL of the database>');

/** Synchronously: what the killed process had told must have left it. */
const tell = (line: string): void => void writeSync(1, `${line}\n`);

// A writer that stood still for longer than this must not believe an answer's absence for ever.
const store = await PostgresEventStore.open({ url, timeouts: { answerMs: 1_000 } });
const revisions = new Map((await store.streams()).map(({ stream, revision }) => [stream, revision]));

const eventsAfter = (stream: string, revision: number): StreamAppend['events'] =>
  Array.from({ length: 1 + ((revision + 1) % 7) }, (_, index) => {
    const id = `${stream}/${revision + 1 + index}`;
    const data = Buffer.from(id.repeat(20));
    return { id, type: 'CreditsHeld', data, hash: createHash('sha256').update(data).digest() };
  });

const appendTo = async (stream: string): Promise<void> => {
  for (;;) {
    const expectedRevision = revisions.get(stream) ?? -1;
    try {
      const [outcome] = await store.append([{ stream, expectedRevision, events: eventsAfter(stream, expectedRevision) }]);
      // Overtaken by a writer killed before, whose last append the server was still at, or by one that wrote while this one stood still.
      revisions.set(stream, outcome!.appended ? outcome!.revision : outcome!.actualRevision);
      tell(outcome!.appended ? `appended ${stream} ${outcome!.revision}` : `refused ${stream} ${expectedRevision}`);
    } catch (error) {
      if (!(error instanceof AppendFailed)) throw error;
      tell(`failed ${stream} ${expectedRevision}`);
    }
  }
};
await Promise.all(['a', 'b', 'c'].map(appendTo));
