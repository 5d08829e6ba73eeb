// A service's process that members.int.spec.ts stops and kills: it consumes three topics in one group and tells on stdout which partitions it has and what it
// handles.
import { writeSync } from 'node:fs';
import { facts, more, openUnderTest, work } from './kafka-under-test.js';

const [brokers, namespace] = process.argv.slice(2);
if (brokers === undefined || namespace === undefined) throw new Error('usage: members.process <brokers> <namespace>');

// Synchronously: what a process had told that is killed must have left it.
const tell = (line: unknown): void => void writeSync(1, `${JSON.stringify(line)}\n`);

const messaging = await openUnderTest(brokers.split(','), namespace);
messaging.onAssignment('g', async ({ partitions, gained, lost }) => tell({ partitions: [...partitions], gained: [...gained], lost: [...lost] }));
await Promise.all(
  [work, more, facts].map((topic) =>
    messaging.subscribe({
      topic,
      group: 'g',
      kind: 'shared',
      handle: async (batch) => batch.forEach(({ partition, value }) => tell({ topic, partition, value: Number(value) })),
    }),
  ),
);
process.once('SIGTERM', () => void messaging.close());
