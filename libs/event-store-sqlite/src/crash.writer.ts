// The process that crash.int.spec.ts kills, or lets run out of room: appends without end to three streams and tells on stdout what it was told is
// durable, and of each append that failed. After that it reads how far the stream has got and goes on, as the ledger does.
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { AppendFailed, type AppendOutcome, type StreamAppend } from '@kwota/event-store';
import { SqliteEventStore } from './sqlite-event-store.js';

const retryDelayMs = 5;
const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: crash.writer <path of the store>');

const store = await SqliteEventStore.open({ path });
const revisions = new Map((await store.streams()).map(({ stream, revision }) => [stream, revision]));

const appendTo = async (stream: string): Promise<void> => {
  for (;;) {
    const expectedRevision = revisions.get(stream) ?? -1;
    const events = Array.from({ length: 1 + ((expectedRevision + 1) % 7) }, (_, index): StreamAppend['events'][number] => {
      const id = `${stream}/${expectedRevision + 1 + index}`;
      const data = Buffer.from(id.repeat(20));
      return { id, type: 'CreditsHeld', data, hash: createHash('sha256').update(data).digest() };
    });
    const outcome = await store.append([{ stream, expectedRevision, events }]).then(
      ([told]): AppendOutcome | undefined => told,
      (error: unknown) => {
        if (!(error instanceof AppendFailed)) throw error;
      },
    );
    if (!outcome) {
      writeSync(1, `${stream} failed\n`);
      await pause(retryDelayMs);
      for (const { stream: name, revision } of await store.streams()) revisions.set(name, revision);
      continue;
    }
    if (!outcome.appended) throw new Error('another writer is there');
    revisions.set(stream, outcome.revision);
    // Synchronously: what the killed process had told must have left it.
    writeSync(1, `${stream} ${outcome.revision}\n`);
  }
};
await Promise.all(['a', 'b', 'c'].map(appendTo));
