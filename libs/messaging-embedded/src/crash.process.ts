// The process that crash.int.spec.ts kills: publishes numbers to several keys without end, handles them, and tells on stdout what the
// log acknowledged and what was handled.
import { writeSync } from 'node:fs';
import { crashTopic, crashTopics } from './crash.topics.js';
import { EmbeddedMessaging } from './embedded-messaging.js';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: crash.process <path of the log>');

const messaging = await EmbeddedMessaging.open({ path, topics: crashTopics });

const last = new Map<string, number>();
for (const { key, value } of messaging.read(crashTopic, 0, Number.MAX_SAFE_INTEGER)) last.set(key, Number(value));

// Synchronously: what the killed process had told must have left it.
await messaging.subscribe({
  topic: crashTopic,
  group: 'kwota.crash',
  kind: 'shared',
  handle: async (batch) => {
    writeSync(1, batch.map(({ key, value }) => `handled ${key} ${value} ${Date.now()}\n`).join(''));
  },
});

const publishTo = async (key: string): Promise<void> => {
  for (let number = (last.get(key) ?? 0) + 1; ; ) {
    const count = 1 + (number % 5);
    const messages = Array.from({ length: count }, (_, index) => ({ topic: crashTopic, key, value: String(number + index), headers: {} }));
    await messaging.publish(messages);
    number += count;
    writeSync(1, `published ${key} ${number - 1}\n`);
  }
};
await Promise.all(['a', 'b', 'c', 'd', 'e'].map(publishTo));
