import { aShopAndABank, anyHistory } from '@kwota/audit-log/testing';
import { inFolder, writeExport, writeStore } from './audit-under-test.js';
import { contentOf, copy, openEvents, openStore, treeOf } from './copy-under-test.js';
import { run } from './cli-under-test.js';

const { KurrentDouble } = await import('@kwota/event-store-kurrentdb/double');

const history = aShopAndABank().stored;
const long = anyHistory(7, 2_500).stored;
let source: string;
beforeAll(async () => {
  source = await writeStore('source.db', history);
});

describe('events copy', () => {
  it('from SQLite to SQLite keeps every byte, hash and position, and the root of the tree', async () => {
    const from = await writeStore('long.db', long);
    const to = inFolder('copied.db');
    expect(await copy(`sqlite:${from}`, `sqlite:${to}`)).toEqual({ exitCode: 0, out: `${long.length} events copied: ${long.length} in ${to} as in ${from}\n`, error: '' });
    expect(await contentOf(to)).toEqual(await contentOf(from));
    expect(await treeOf(to)).toEqual(await treeOf(from));
  }, 30_000);

  it('to KurrentDB and back is the same ledger on all three', async () => {
    const double = await KurrentDouble.start();
    const back = inFolder('back.db');
    expect(await copy(source, double.url)).toMatchObject({ exitCode: 0 });
    expect(await copy(double.url, back)).toMatchObject({ exitCode: 0 });
    const expected = { content: await contentOf(source), tree: await treeOf(source) };
    for (const location of [double.url, back]) expect({ content: await contentOf(location), tree: await treeOf(location) }).toEqual(expected);
    await double.stop();
  });

  it('is not from an export, which has no ids', async () => {
    expect(await copy(await writeExport('whole.jsonl', history), inFolder('from-export.db'))).toMatchObject({ exitCode: 2, out: '' });
  });

  it('goes on where it was cut off, and a second time has nothing to do', async () => {
    const to = await writeStore('begun.db', history.slice(0, 9));
    const rest = history.length - 9;
    expect((await copy(source, to)).out).toContain(`9 were there, ${rest} events copied`);
    expect((await copy(source, to)).out).toContain(`${history.length} were there, 0 events copied`);
    expect(await contentOf(to)).toEqual(await contentOf(source));
  });

  it('goes on after a target that failed in the middle', async () => {
    const double = await KurrentDouble.start();
    double.faults.next('time out after the write', history[5]!.stream);
    double.faults.next('time out before the write', history[5]!.stream);
    expect(await copy(source, double.url)).toMatchObject({ exitCode: 3, out: '', error: expect.stringContaining('The same command goes on from here.') });
    await copy(source, double.url);
    expect(await copy(source, double.url)).toMatchObject({ exitCode: 0 });
    expect(await treeOf(double.url)).toEqual(await treeOf(source));
    await double.stop();
  });

  it.each([
    ['another ledger', () => anyHistory(3, 20).stored, /^the target has another event: position 1,/],
    ['one that parts later', () => [...history.slice(0, 6), { ...history[6]!, id: 'other' }], /^the target has another event: position 7,/],
  ])('refuses a target that holds %s, and writes nothing', async (name, events, message) => {
    const to = await writeStore(`${name.replaceAll(' ', '-')}.db`, events());
    const before = await contentOf(to);
    expect(await copy(source, to)).toMatchObject({ exitCode: 1, out: '', error: expect.stringMatching(message) });
    expect(await contentOf(to)).toEqual(before);
  });

  it('refuses a target that has more than the source', async () => {
    const shorter = await writeStore('shorter.db', history.slice(0, 8));
    expect(await copy(shorter, await writeStore('longer.db', history))).toMatchObject({ exitCode: 1, error: 'the target has more events than the source: from position 9 on\n' });
  });

  it.each([
    ['an edited event', () => history.with(4, { ...history[4]!, data: Buffer.from('{}') }), /^the hash in the source is not that of its bytes and the event before: position 5,/],
    ['a dropped event', () => history.toSpliced(4, 1), /^the source has no event at position 5/],
    ['two swapped', () => history.with(4, { ...history[5]!, position: 5 }).with(5, { ...history[4]!, position: 6 }), /^the source has no revision/],
  ])('does not hand on a ledger with %s', async (name, events, message) => {
    const from = await writeStore(`${name.replaceAll(' ', '-')}.db`, events());
    expect(await copy(from, inFolder(`${name.replaceAll(' ', '-')}-to.db`))).toMatchObject({ exitCode: 1, error: expect.stringMatching(message) });
  });

  it('notices somebody else who writes to the target', async () => {
    const to = inFolder('shared.db');
    const openBusily = async (location: string) => {
      const store = await openStore(location);
      const other = await openStore(to);
      const append = store.append.bind(store);
      store.append = async (batch) => {
        await other.append([{ stream: 'credit-intruder', expectedRevision: -1, events: [{ id: 'x', type: 'Ticked', data: Buffer.from('x'), hash: Buffer.alloc(32) }] }]);
        await other.close();
        return append(batch);
      };
      return store;
    };
    expect(await run(['events', 'copy', '--from', source, '--to', to], {}, { openEvents, openStore: openBusily })).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('somebody else writes to the target: position 1'),
    });
  });

  it('has the exit codes of the other commands, and tells no password', async () => {
    expect(await copy(inFolder('not-there.db'), inFolder('x.db'))).toMatchObject({ exitCode: 2 });
    expect(await run(['events', 'copy', '--from', source], {})).toMatchObject({ exitCode: 2 });
    const unreachable = await copy(source, 'kurrentdb://admin:secret-word@127.0.0.1:1?tls=false&maxDiscoverAttempts=1');
    expect(unreachable.exitCode).toBe(3);
    expect(unreachable.error).not.toContain('secret-word');
  });
});
