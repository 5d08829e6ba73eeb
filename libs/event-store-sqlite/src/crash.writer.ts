// The process that crash.int.spec.ts kills: appends without end to three streams and tells on stdout what it was told is durable.
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import type { StreamAppend } from '@kwota/event-store';
import { SqliteEventStore } from './sqlite-event-store.js';

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
    const [outcome] = await store.append([{ stream, expectedRevision, events }]);
    if (!outcome?.appended) throw new Error('another writer is there');
    revisions.set(stream, outcome.revision);
    // Synchronously: what the killed process had told must have left it.
    writeSync(1, `${stream} ${outcome.revision}\n`);
  }
};
await Promise.all(['a', 'b', 'c'].map(appendTo));
