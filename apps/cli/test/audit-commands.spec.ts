import { CheckpointFile } from '@kwota/audit-log/checkpoint-file';
import { parseCheckpoint } from '@kwota/audit-log/checkpoint';
import { leafHashOf } from '@kwota/audit-log/event-leaf';
import { MerkleFrontier } from '@kwota/audit-log/merkle-tree';
import { generateSignerKey, parseSignerKey } from '@kwota/audit-log/note-keys';
import { aShopAndABank, anna, shop } from '@kwota/audit-log/testing';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { audit, auditJson, inFolder, logKey, logName, write, writeCheckpoint, writeExport, writeStore } from './audit-under-test.js';

const history = aShopAndABank().stored;
const key = logKey.verifier.text;
let file: string;
beforeAll(async () => (file = await writeExport('history.jsonl', history)));

describe('replay', () => {
  it('of an export is that of the store', async () => {
    const environment = { KWOTA_EVENT_STORE_URL: `sqlite:${await writeStore('history.db', history)}` };
    const ofExport = await auditJson<{ accounts: unknown }>(['replay', '--export', file]);
    expect(ofExport).toMatchObject({ exitCode: 0, found: { events: history.length } });
    expect((await auditJson<{ accounts: unknown }>(['replay'], environment)).found.accounts).toEqual(ofExport.found.accounts);
  });

  it('prints balances as they were', async () => {
    const { found } = await auditJson<{ accounts: { account: string; poolMilliCredits: number }[] }>(['replay', '--export', file, '--until', '3']);
    expect(found.accounts).toMatchObject([{ account: shop, poolMilliCredits: 100_000 }]);
    const atOnce = await auditJson<{ accounts: { poolMilliCredits: number }[] }>(['replay', '--export', file, '--until', '2030-01-01T12:03:00Z']);
    expect(atOnce.found.accounts).toMatchObject([{ account: shop, poolMilliCredits: 100_000 }]);
  });
});

describe('export', () => {
  it.each([[['export']], [['export', '--format', 'csv']], [['prove', '--position', '1']], [['checkpoint']]])('%j into a folder that is not there is a mistake (2), not a finding', async (command) => {
    const out = inFolder('not-there/out');
    const checkpoint = command[0] === 'export' ? [] : ['--checkpoint', writeCheckpoint('out.checkpoint', history)];
    expect(await audit([...command, '--export', file, ...checkpoint, '--out', out])).toMatchObject({ exitCode: 2, error: `${out} cannot be written: ENOENT\n` });
  });

  it('of a store, and of an export, is the same byte by byte', async () => {
    const environment = { KWOTA_EVENT_STORE_URL: `sqlite:${await writeStore('exported.db', history)}` };
    expect(await audit(['export', '--out', inFolder('exported.jsonl')], environment)).toMatchObject({ exitCode: 0 });
    expect(await audit(['export', '--export', file, '--out', inFolder('again.jsonl')])).toMatchObject({ exitCode: 0 });
    const written = readFileSync(file, 'utf8');
    expect([readFileSync(inFolder('exported.jsonl'), 'utf8'), readFileSync(inFolder('again.jsonl'), 'utf8')]).toEqual([written, written]);
    expect(existsSync(inFolder('again.jsonl.partial'))).toBe(false);
  });

  it('as hledger has a transaction an event, with the balance of each posting', async () => {
    const out = inFolder('journal.hledger');
    expect(await auditJson(['export', '--export', file, '--format', 'hledger', '--out', out])).toMatchObject({
      exitCode: 0,
      found: { events: history.length, format: 'hledger' },
    });
    const text = readFileSync(out, 'utf8');
    expect(text.split('\n').slice(1, 3)).toEqual(['decimal-mark .', 'commodity 1000.000 CREDIT']);
    expect(text).toContain(
      `2030-01-01 * CreditsPurchased\n    ; position: 3\n    ; revision: 2\n    ; time: 2030-01-01T12:03:00.000Z\n    ${shop}:purchased  -100.000 CREDIT = -100.000 CREDIT\n    ${shop}:pool  100.000 CREDIT = 100.000 CREDIT\n`,
    );
    expect(text).toContain(`account ${shop}:quota:${anna}\n`);
  });

  it('as CSV has a line a posting', async () => {
    const out = inFolder('journal.csv');
    await audit(['export', '--export', file, '--format', 'csv', '--out', out]);
    expect(readFileSync(out, 'utf8').split('\r\n')[1]).toMatch(
      new RegExp(`^3,credit-${shop},2,2030-01-01T12:03:00.000Z,CreditsPurchased,,${shop},purchased,-100.000,-100.000,[0-9a-f]{64}$`),
    );
  });
});

describe('explain', () => {
  const explain = (messageId: number, ...options: string[]) =>
    auditJson<{ money: object; events: { proof: object | null }[]; service: object }>(['explain', String(messageId), '--export', file, ...options]);

  it.each([
    [1, { outcome: 'charged', heldMilliCredits: 950, chargedMilliCredits: 950 }],
    [2, { outcome: 'not charged', releasedMilliCredits: 950, chargedMilliCredits: 0 }],
    [3, { outcome: 'charged in part', heldMilliCredits: 2_850, capturedMilliCredits: 1_900, releasedMilliCredits: 950 }],
    [4, { outcome: 'not charged', capturedMilliCredits: 950, refundedMilliCredits: 950 }],
    [5, { outcome: 'withdrawn', chargedMilliCredits: 0 }],
    [6, { outcome: 'held', heldMilliCredits: 950 }],
    [7, { outcome: 'refused', refusedWith: 'quota-too-low' }],
    [99, { outcome: 'withdrawn' }],
  ])('message %d: %j', async (messageId, money) => expect(await explain(messageId)).toMatchObject({ exitCode: 0, found: { messageId, account: shop, money } }));

  it('has a proof of each event that is sealed', async () => {
    const held = history.findIndex(({ type }) => type === 'CreditsHeld') + 1;
    const { found } = await explain(1, '--checkpoint', writeCheckpoint('explained.txt', history, held));
    expect(found.events).toMatchObject([{ proof: { index: held - 1 } }, { proof: null }]);
  });

  it('says what an export does not hold', async () => {
    const { out } = await audit(['explain', '1', '--export', file]);
    expect(out).toContain('receipts and callbacks: not available offline');
    expect(out).toContain('not proved: no checkpoint was given');
  });

  it('tells receipts and callbacks where the service does', async () => {
    const told = {
      message: { ptt: 4, dlr: 1, final: true, parts: 1 },
      attempts: [{ sequence: 2, attempt: 1, atMs: Date.UTC(2030, 0, 1, 13), status: 200, reason: null }],
      callbacks: [{ sequence: 2, ptt: 4, dlr: 1, state: 'delivered' }],
    };
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.end(JSON.stringify(told));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const environment = {
      KWOTA_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      KWOTA_OPERATOR_TOKEN: 'x',
      KWOTA_EVENT_STORE_URL: `sqlite:${await writeStore('explained.db', history)}`,
    };
    const { out } = await audit(['explain', '1'], environment);
    expect(asked).toEqual([`/operator/accounts/${shop}/messages/1`]);
    expect(out).toContain('receipts: DLR 1, ptt 4, final, 1 parts');
    expect(out).toContain('2030-01-01T13:00:00.000Z 200');
    await new Promise((resolve) => server.close(resolve));
    expect((await audit(['explain', '1'], environment)).out).toContain('receipts and callbacks: not available: nobody answers');
  });

  it('knows no message that no event is about', async () => expect((await audit(['explain', '12345', '--export', file])).exitCode).toBe(1));
});

describe('prove', () => {
  it.each([
    [['1'], 2],
    [['--account', shop, '--revision', '5'], 1],
    [['--position', '3'], 1],
  ])('%j', async (what, events) => {
    const { exitCode, found } = await auditJson<{ events: unknown[] }>([
      'prove',
      ...what,
      '--export',
      file,
      '--checkpoint',
      writeCheckpoint('proved.txt', history),
    ]);
    expect([exitCode, found.events.length]).toEqual([0, events]);
  });

  it.each([
    [['1', '--checkpoint', 'young.txt'], 'not-sealed'],
    [['12345', '--checkpoint', 'whole.txt'], 'not-found'],
    [['1', '--checkpoint', 'other.txt'], 'rewritten'],
  ])('%j is refused: %s', async (what, outcome) => {
    writeCheckpoint('young.txt', history, 3);
    writeCheckpoint('whole.txt', history);
    writeCheckpoint('other.txt', history.toReversed());
    const [id = '', option = '', name = ''] = what;
    expect(await auditJson(['prove', id, '--export', file, option, inFolder(name)])).toMatchObject({ exitCode: 1, found: { outcome } });
  });

  it('needs a checkpoint, and something to prove', async () => {
    expect((await audit(['prove', '1', '--export', file])).exitCode).toBe(2);
    expect((await audit(['prove', '--export', file])).exitCode).toBe(2);
  });
});

describe('diff', () => {
  const diff = async (first: string, second: string) =>
    auditJson<{ outcome: string; orderPartsAt: number | null; differences: object[] }>(['diff', first, second]);

  it('an export and its store are the same', async () =>
    expect(await diff(file, await writeStore('same.db', history))).toMatchObject({ exitCode: 0, found: { outcome: 'same', differences: [] } }));

  it('one that goes on where the other ends is no mismatch', async () => {
    const shorter = await writeExport('shorter.jsonl', history.slice(0, -4));
    expect(await diff(file, shorter)).toMatchObject({ exitCode: 0, found: { outcome: 'first-goes-on' } });
    expect(await diff(shorter, file)).toMatchObject({ exitCode: 0, found: { outcome: 'second-goes-on' } });
  });

  it('tells the first event at which they part', async () => {
    const edited = history.map((event) =>
      event.revision === 3 && event.stream === `credit-${shop}` ? { ...event, data: Buffer.from(event.data).fill('9', 20, 21) } : event,
    );
    expect(await diff(file, await writeExport('edited.jsonl', edited))).toMatchObject({
      exitCode: 1,
      found: { outcome: 'different', differences: [{ stream: `credit-${shop}`, partsAt: 3 }] },
    });
  });

  it('tells another order of the same events', async () => {
    const swapped = history.toSpliced(3, 2, { ...history[4]!, position: 4 }, { ...history[3]!, position: 5 });
    const other = swapped.map((event, at) => ({ ...event, position: at + 1 }));
    expect(await diff(file, await writeExport('order.jsonl', other))).toMatchObject({ exitCode: 1, found: { outcome: 'different', orderPartsAt: 4 } });
  });

  it('needs both', async () => expect((await audit(['diff', file, inFolder('not-there')])).exitCode).toBe(2));
});

describe('keys', () => {
  it('are made for their owner alone, and never over another', async () => {
    const out = inFolder('new.key');
    const { exitCode, found } = await auditJson<{ verifierKey: string }>(['keygen', '--name', 'sms.example.org/ledger', '--out', out]);
    expect([exitCode, (statSync(out).mode & 0o777).toString(8)]).toEqual([0, '600']);
    expect(parseSignerKey(readFileSync(out, 'utf8')).verifier.text).toBe(found.verifierKey);
    expect((await audit(['keygen', '--name', 'x', '--out', out])).exitCode).toBe(1);
    expect((await audit(['keygen', '--name', 'with blank', '--out', inFolder('y')])).exitCode).toBe(2);
  });

  it('are told again, without the secret', async () => {
    const secret = generateSignerKey('w', 'witness');
    const environment = { KWOTA_AUDIT_KEY_FILE: inFolder('new.key'), KWOTA_AUDIT_WITNESS_KEY: secret };
    const told = [parseSignerKey(readFileSync(inFolder('new.key'), 'utf8')), parseSignerKey(secret)].map(({ verifier }) => verifier.text);
    expect(await audit(['verifier-keys'], environment)).toEqual({ exitCode: 0, out: `${told.join('\n')}\n`, error: '' });
    expect((await audit(['verifier-keys'])).exitCode).toBe(2);
  });

  it('come from the command line, from a file, or from the environment', async () => {
    const checkpoint = writeCheckpoint('keys.txt', history);
    const keyFile = write('verifier.txt', `${key}\n`);
    const verify = (...options: string[]) => ['verify', '--export', file, '--checkpoint', checkpoint, ...options];
    const signed = { found: { checkpoints: [{ origin: logName, matches: true, signature: 'signed' }] } };
    expect(await auditJson(verify('--key', key))).toMatchObject(signed);
    expect(await auditJson(verify('--key', keyFile))).toMatchObject(signed);
    expect(await auditJson(verify(), { KWOTA_AUDIT_VERIFIER_KEYS: key })).toMatchObject(signed);
    expect(await auditJson(verify())).toMatchObject({ exitCode: 0, found: { checkpoints: [{ signature: 'not-checked' }] } });
    const other = parseSignerKey(generateSignerKey(logName, 'log')).verifier.text;
    expect(await auditJson(verify('--key', other))).toMatchObject({ exitCode: 1, found: { findings: [{ reason: 'not-signed' }] } });
    expect((await audit(verify('--key', 'nonsense'))).exitCode).toBe(2);
  });
});

describe('checkpoint', () => {
  it('of nothing sealed says how to have one', async () =>
    expect(await audit(['checkpoint'])).toMatchObject({ exitCode: 2, error: expect.stringContaining('KWOTA_AUDIT_KEY') }));

  it('shows what the sealer signed: the last, one of a size, all; and verify takes all of them', async () => {
    const dataDir = inFolder('sealed');
    mkdirSync(join(dataDir, 'ledger'), { recursive: true });
    const file = CheckpointFile.open(join(dataDir, 'ledger', 'checkpoints.db'));
    const frontier = MerkleFrontier.empty();
    for (const { position, stream, revision, hash } of history) {
      frontier.add(leafHashOf({ index: position - 1, stream, revision, hash }));
      if (position % 10 === 9)
        file.save(parseCheckpoint(readFileSync(writeCheckpoint('sealed.txt', history, position))), { frontier, last: { stream, revision, hash } }, 0);
    }
    file.close();
    const environment = { KWOTA_DATA_DIR: dataDir, KWOTA_EVENT_STORE_URL: `sqlite:${await writeStore('sealed.db', history)}` };
    expect(await auditJson(['checkpoint', '--list'], environment)).toMatchObject({ exitCode: 0, found: [{ size: 9 }, { size: 19 }, { size: 29 }] });
    expect((await audit(['checkpoint'], environment)).out).toMatch(/^sms\.example\.org\/ledger\n29\n/);
    expect(await auditJson(['checkpoint', '--size', '19'], environment)).toMatchObject({ exitCode: 0, found: { size: 19 } });
    expect((await audit(['checkpoint', '--size', '20'], environment)).exitCode).toBe(2);
    expect(await auditJson(['verify', '--key', key], environment)).toMatchObject({
      exitCode: 0,
      found: { checkpoints: [{ size: 9, signature: 'signed' }, { size: 19 }, { size: 29 }] },
    });
    expect(await auditJson(['prove', '1'], environment)).toMatchObject({ exitCode: 0, found: { events: [{}, {}] } });
  });
});
