// docs/verify.py, which knows nothing of our code: it must agree with it on every balance, every hash and every fault.
import { aShopAndABank, anyHistory } from '@kwota/audit-log/testing';
import { generateSignerKey, parseSignerKey } from '@kwota/audit-log/note-keys';
import { signNote, formatNote, parseNote } from '@kwota/audit-log/signed-note';
import type { StoredEvent } from '@kwota/event-store';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { audit, auditJson, inFolder, logKey, logName, writeCheckpoint, writeExport, writeStore } from './audit-under-test.js';

const program = fileURLToPath(new URL('../../../docs/verify.py', import.meta.url));
const python = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('python3', [program, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
};
const isThere = spawnSync('python3', ['--version']).status === 0;
if (!isThere) console.log('NOT RUN: needs python3');
// With CI=true nothing may be skipped: then its tests run, and fail.
const suite = isThere || process.env['CI'] === 'true' ? describe : describe.skip;

type Balance = Record<'pool' | 'held' | 'consumed' | 'purchased' | 'adjusted' | 'transferredIn' | 'transferredOut', number>;
type Theirs = {
  events: number;
  root: string;
  heads: Record<string, { revision: number; hash: string }>;
  balances: Record<string, Balance & { quotas: Record<string, number> }>;
};
type Ours = {
  events: number;
  root: string;
  heads: { stream: string; revision: number; hash: string }[];
  accounts: (Record<`${keyof Balance}MilliCredits`, number> & {
    account: string;
    users: { userId: string; quotaActive: boolean; leftMilliCredits: number }[];
  })[];
};

const inTheirWords = ({ events, root, heads, accounts }: Ours): Theirs => ({
  events,
  root,
  heads: Object.fromEntries(heads.map(({ stream, revision, hash }) => [stream, { revision, hash }])),
  balances: Object.fromEntries(
    accounts.map(({ account, users, ...sums }) => [
      account,
      {
        pool: sums.poolMilliCredits,
        held: sums.heldMilliCredits,
        consumed: sums.consumedMilliCredits,
        purchased: sums.purchasedMilliCredits,
        adjusted: sums.adjustedMilliCredits,
        transferredIn: sums.transferredInMilliCredits,
        transferredOut: sums.transferredOutMilliCredits,
        quotas: Object.fromEntries(users.filter(({ quotaActive }) => quotaActive).map(({ userId, leftMilliCredits }) => [userId, leftMilliCredits])),
      },
    ]),
  ),
});

const shopAndBank = aShopAndABank().stored;
const key = logKey.verifier.text;

it('the second verifier has at most 300 lines', () => expect(readFileSync(program, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(300));

suite('the second verifier', () => {
  it.each([
    ['a shop and a bank', shopAndBank],
    ...[1, 2, 3, 4, 5].map((seed): [string, StoredEvent[]] => [`any history (seed ${seed})`, anyHistory(seed, 800).stored]),
  ])('agrees on every balance and every hash of %s, in an export and in an event file', async (_, events) => {
    const file = await writeExport('compared.jsonl', events);
    const ours = await auditJson<Ours>(['verify', '--export', file]);
    expect(ours.exitCode).toBe(0);
    for (const source of [file, await writeStore(`compared-${_.replaceAll(/\W/g, '')}.db`, events)]) {
      const theirs = python(source);
      expect(theirs).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(theirs.stdout)).toEqual(inTheirWords(ours.found));
    }
  });

  it('takes the checkpoints that we take, and no others', async () => {
    const file = await writeExport('checked.jsonl', shopAndBank);
    const [whole, older] = [writeCheckpoint('whole.txt', shopAndBank), writeCheckpoint('older.txt', shopAndBank, 9)];
    const witness = parseSignerKey(generateSignerKey('witness.example.net', 'witness'));
    const note = parseNote(readFileSync(whole));
    const cosigned = inFolder('cosigned.txt');
    writeFileSync(cosigned, formatNote({ ...note, signatures: [...note.signatures, ...signNote(note.text, [witness], 1_900_000_000).signatures] }));
    expect(python(file, '--checkpoint', older, '--checkpoint', cosigned, '--key', key, '--key', witness.verifier.text)).toMatchObject({ status: 0 });

    const forged = inFolder('forged.txt');
    writeFileSync(forged, readFileSync(whole, 'utf8').replace(`\n${shopAndBank.length}\n`, '\n9\n'));
    expect(python(file, '--checkpoint', forged, '--key', key)).toMatchObject({ status: 1, stderr: expect.stringContaining('forged') });
    const other = parseSignerKey(generateSignerKey(logName, 'log')).verifier.text;
    expect(python(file, '--checkpoint', whole, '--key', other)).toMatchObject({ status: 1, stderr: expect.stringContaining('no known key') });
    const another = writeCheckpoint('another.txt', shopAndBank.toReversed(), 9);
    expect(python(file, '--checkpoint', another, '--key', key)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('are not those of the checkpoint'),
    });
    const tail = await writeExport('tail.jsonl', shopAndBank.slice(0, -2));
    expect(python(tail, '--checkpoint', whole, '--key', key)).toMatchObject({ status: 1, stderr: expect.stringContaining('missing at the end') });
  });

  it('checks a proof alone, and finds a forged one', async () => {
    const file = await writeExport('proved.jsonl', shopAndBank);
    const proof = inFolder('proof.json');
    await audit(['prove', '3', '--export', file, '--checkpoint', writeCheckpoint('proved.txt', shopAndBank), '--out', proof]);
    expect(python('--proof', proof, '--key', key)).toMatchObject({ status: 0, stdout: expect.stringContaining('"proved": 3') });
    writeFileSync(proof, readFileSync(proof, 'utf8').replace('2850', '2851'));
    expect(python('--proof', proof, '--key', key)).toMatchObject({ status: 1, stderr: expect.stringContaining('hash mismatch') });
  });

  it.each([
    ['an edited event', () => shopAndBank.with(7, { ...shopAndBank[7]!, data: Buffer.from(Buffer.from(shopAndBank[7]!.data).toString().replace('0', '1')) })],
    ['a dropped one', () => shopAndBank.toSpliced(7, 1)],
    [
      'a refund without its charge',
      () =>
        aShopAndABank().write('sms-shop-1', {
          type: 'CreditsRefunded',
          messageId: 555,
          amountMilliCredits: 1,
          userId: null,
          grantId: null,
          reason: 'withdrawn',
        }).stored,
    ],
  ])('stops at %s, as ours does', async (_, events) => {
    const file = await writeExport('tampered.jsonl', events());
    expect([python(file).status, (await audit(['verify', '--export', file])).exitCode]).toEqual([1, 1]);
  });
});
