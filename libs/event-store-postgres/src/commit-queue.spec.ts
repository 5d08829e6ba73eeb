import { AppendFailed, type AppendOutcome, type StreamAppend } from '@kwota/event-store';
import { CommitQueue } from './commit-queue.js';

const append = (stream: string, events = 1, bytes = 10): StreamAppend => ({
  stream,
  expectedRevision: -1,
  events: Array.from({ length: events }, (_, index) => ({ id: `${stream}/${index}`, type: 'Ticked', data: Buffer.alloc(bytes), hash: Buffer.alloc(32) })),
});
const appendedOf = ({ stream, events }: StreamAppend): AppendOutcome => ({ stream, appended: true, revision: events.length - 1 });

/** A queue whose commits are recorded, by their streams, and take until the event loop's next turn. */
const recordingQueue = (fail: (commit: number) => boolean = () => false) => {
  const commits: string[][] = [];
  const queue = new CommitQueue(async (appends) => {
    commits.push(appends.map(({ stream }) => stream));
    const number = commits.length;
    await new Promise(setImmediate);
    if (fail(number)) throw new AppendFailed('no server');
    return appends.map(appendedOf);
  });
  return { queue, commits };
};

it('calls of one turn share a commit, and each gets its own outcomes', async () => {
  const { queue, commits } = recordingQueue();
  const outcomes = await Promise.all([queue.append([append('a'), append('b')]), queue.append([]), queue.append([append('c', 2)])]);
  expect(commits).toEqual([['a', 'b', 'c']]);
  expect(outcomes).toEqual([[appendedOf(append('a')), appendedOf(append('b'))], [], [appendedOf(append('c', 2))]]);
});

it('what comes while a commit runs shares the next one', async () => {
  const { queue, commits } = recordingQueue();
  const first = queue.append([append('a')]);
  await new Promise(setImmediate);
  expect(commits).toEqual([['a']]);
  const later = [queue.append([append('b')]), queue.append([append('c')])];
  await first;
  await Promise.all(later);
  expect(commits).toEqual([['a'], ['b', 'c']]);
  expect(queue.isIdle).toBe(true);
});

it.each([
  ['8,192 events', [append('a', 5_000), append('b', 3_192), append('c', 1)], [['a', 'b'], ['c']]],
  ['16 MiB', [append('a', 1, 9e6), append('b', 1, 9e6), append('c')], [['a'], ['b', 'c']]],
  ['one call that is larger', [append('a', 9_000), append('b')], [['a'], ['b']]],
])('a commit ends at %s, in the order of the calls', async (_, calls, expected) => {
  const { queue, commits } = recordingQueue();
  await Promise.all(calls.map((call) => queue.append([call])));
  expect(commits).toEqual(expected);
});

it('a commit that fails rejects its own calls alone', async () => {
  const { queue } = recordingQueue((commit) => commit === 1);
  const failed = [queue.append([append('a')]), queue.append([append('b')])].map((call) => expect(call).rejects.toThrow(AppendFailed));
  await new Promise(setImmediate);
  expect(await queue.append([append('c')])).toEqual([appendedOf(append('c'))]);
  await Promise.all(failed);
});

it('is drained when the last that waits is done', async () => {
  const { queue, commits } = recordingQueue();
  const calls = [queue.append([append('a', 9_000)]), queue.append([append('b')])];
  await queue.drained();
  expect(commits).toEqual([['a'], ['b']]);
  await Promise.all(calls);
});
