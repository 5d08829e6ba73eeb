// Others' programs over our exports: each adds the postings up by itself and holds every balance against them.
import { aShopAndABank, anyHistory } from '@kwota/audit-log/testing';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { audit, auditJson, inFolder, writeExport } from './audit-under-test.js';

type Program = Readonly<{ format: string; command: string; check: (file: string) => string[]; package: string }>;

const programs: readonly Program[] = [
  { format: 'hledger', command: 'hledger', check: (file) => ['-f', file, 'check', '-s'], package: 'hledger' },
  { format: 'ledger', command: 'ledger', check: (file) => ['-f', file, '--strict', '--pedantic', 'balance'], package: 'ledger' },
  { format: 'beancount', command: 'bean-check', check: (file) => [file], package: 'beancount' },
];

const run = (command: string, args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  return { status, stdout, stderr };
};
const isThere = ({ command }: Pick<Program, 'command'>): boolean => spawnSync(command, ['--version']).status === 0;

/** With CI=true nothing may be skipped: then its tests run, and fail. */
const suiteOf = (program: Program) => {
  if (isThere(program) || process.env['CI'] === 'true') return describe;
  console.log(`NOT RUN: needs ${program.command} (apt-get install ${program.package})`);
  return describe.skip;
};

const [shopAndBank, any] = [aShopAndABank().stored, anyHistory(11, 1_500).stored];
const files: Record<string, string> = {};
beforeAll(async () => {
  files['a shop and a bank'] = await writeExport('shop.jsonl', shopAndBank);
  files['any history'] = await writeExport('any.jsonl', any);
});

for (const program of programs) {
  suiteOf(program)(program.command, () => {
    const exported = async (history: string): Promise<string> => {
      const out = inFolder(`${history.replaceAll(' ', '-')}.${program.format}`);
      expect(await audit(['export', '--export', files[history] ?? '', '--format', program.format, '--out', out])).toMatchObject({ exitCode: 0 });
      return out;
    };

    it.each(['a shop and a bank', 'any history'])('accepts the export of %s, every balance in it', async (history) =>
      expect(run(program.command, program.check(await exported(history)))).toMatchObject({ status: 0, stderr: '' }),
    );

    it('refuses it when one amount is another by a thousandth', async () => {
      const file = await exported('a shop and a bank');
      const text = readFileSync(file, 'utf8');
      const forged = inFolder(`forged.${program.format}`);
      // Both sides of the transaction, so that it still sums to nothing: only the balances tell.
      const bent = text.replaceAll(/( -?100\.00)0( CREDIT)/g, (_, before: string, after: string) => `${before}1${after}`);
      const once = text.indexOf('CreditsPurchased');
      writeFileSync(forged, text.slice(0, once) + bent.slice(once, once + 400).replaceAll(/= (-?)100\.001/g, '= $1100.000') + text.slice(once + 400));
      expect(run(program.command, program.check(forged)).status).not.toBe(0);
    });
  });
}

suiteOf(programs[0]!)('hledger', () => {
  it('adds up to the balances of a replay', async () => {
    const out = inFolder('balances.hledger');
    await audit(['export', '--export', files['any history'] ?? '', '--format', 'hledger', '--out', out]);
    const { stdout } = run('hledger', ['-f', out, 'balance', '--flat', '-N', '--empty', '-O', 'csv']);
    const balances = new Map(
      stdout
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split('","').map((cell) => cell.replaceAll('"', '')) as [string, string]),
    );
    const milliCredits = (account: string): number => Math.round(1_000 * Number((balances.get(account) ?? '0').replace(' CREDIT', '')));
    const { found } = await auditJson<{
      accounts: {
        account: string;
        poolMilliCredits: number;
        heldMilliCredits: number;
        consumedMilliCredits: number;
        purchasedMilliCredits: number;
        adjustedMilliCredits: number;
      }[];
    }>(['replay', '--export', files['any history'] ?? '']);
    expect(found.accounts).toHaveLength(3);
    for (const { account, ...replayed } of found.accounts)
      expect(replayed).toMatchObject({
        poolMilliCredits: milliCredits(`${account}:pool`),
        heldMilliCredits: milliCredits(`${account}:holds`),
        consumedMilliCredits: milliCredits(`${account}:consumed`),
        // Where credit comes from is negative in double entry.
        purchasedMilliCredits: -milliCredits(`${account}:purchased`),
        adjustedMilliCredits: -milliCredits(`${account}:adjustments`),
      });
  });
});
