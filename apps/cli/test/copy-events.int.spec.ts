import { anyHistory } from '@kwota/audit-log/testing';
import { startPostgres } from '@kwota/postgres/postgres-server';
import { inFolder, writeStore } from './audit-under-test.js';
import { contentOf, copy, treeOf } from './copy-under-test.js';

const server = await startPostgres();
const onPostgres = server ? describe : describe.skip;
afterAll(() => server?.stop());

onPostgres('events copy on a real server', () => {
  it('from SQLite to PostgreSQL and back is the same ledger on all three', async () => {
    const source = await writeStore('source.db', anyHistory(11, 2_500).stored);
    const database = (await server?.createDatabase()) ?? '';
    const back = inFolder('back.db');
    expect(await copy(source, database)).toMatchObject({ exitCode: 0 });
    expect(await copy(database, back)).toMatchObject({ exitCode: 0 });
    const expected = { content: await contentOf(source), tree: await treeOf(source) };
    for (const location of [database, back]) expect({ content: await contentOf(location), tree: await treeOf(location) }).toEqual(expected);
  }, 60_000);
});
