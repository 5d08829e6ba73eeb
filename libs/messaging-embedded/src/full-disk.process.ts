// Run by full-disk.int.spec.ts where files cannot grow beyond a limit: tells on stdout what became of its messages.
import { crashTopic, crashTopics } from './crash.topics.js';
import { EmbeddedMessaging } from './embedded-messaging.js';

/** More than the files may hold. */
const tooLargeChars = 4 * 1_024 * 1_024;

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: full-disk.process <path of the log>');
const messaging = await EmbeddedMessaging.open({ path, topics: crashTopics });

const handled: (string | null)[] = [];
const handle = async (batch: readonly { value: string | null }[]): Promise<void> => void handled.push(...batch.map(({ value }) => value));
await messaging.subscribe({ topic: crashTopic, group: 'kwota.full', kind: 'shared', handle });

const publish = (text: string): Promise<string> =>
  messaging.publish([{ topic: crashTopic, key: 'a', value: JSON.stringify(text), headers: {} }]).then(
    () => 'published',
    (error: Error) => error.name,
  );

const before = await publish('before');
const tooLarge = await publish('x'.repeat(tooLargeChars));
const healthAfterFailure = messaging.health();
const after = await publish('after');
const healthAfterSuccess = messaging.health();
await messaging.drain();
const inLog = messaging.read(crashTopic, 0, 10).map(({ value }) => value);
await messaging.close();
process.stdout.write(JSON.stringify({ before, tooLarge, healthAfterFailure, after, healthAfterSuccess, handled, inLog }));
