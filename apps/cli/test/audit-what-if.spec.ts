import { aShopAndABank, bank, shop } from '@kwota/audit-log/testing';
import { audit, auditJson, write, writeExport } from './audit-under-test.js';

let file: string;
beforeAll(async () => (file = await writeExport('history.jsonl', aShopAndABank().stored)));

describe('what-if', () => {
  type Account = { account: string; chargedMilliCredits: number; leastMilliCredits: number; mostMilliCredits: number; uncertain: number };
  const whatIf = async (...options: string[]) => {
    const { exitCode, found } = await auditJson<{ accounts: Account[] }>(['what-if', '--export', file, ...options]);
    expect(exitCode).toBe(0);
    return Object.fromEntries(found.accounts.map((account) => [account.account, account]));
  };

  it('under the same rates is what it was', async () => {
    const accounts = await whatIf('--rates', write('same-rates.json', { '': 1, '33': 0.95 }));
    for (const { chargedMilliCredits, leastMilliCredits, mostMilliCredits } of Object.values(accounts))
      expect([leastMilliCredits, mostMilliCredits]).toEqual([chargedMilliCredits, chargedMilliCredits]);
    // Message 1 whole and two parts of 3; 2, 4 and 5 were free.
    expect(accounts[shop]).toMatchObject({ messages: 5, chargedMilliCredits: 2_850 });
  });

  it('under other rates each billed part costs those', async () =>
    expect((await whatIf('--rates', write('double.json', { '': 1, '33': 2 })))[shop]).toMatchObject({
      leastMilliCredits: 6_000,
      mostMilliCredits: 6_000,
      uncertain: 0,
    }));

  it('where a longer prefix may have been the number, it tells the least and the most', async () =>
    expect((await whatIf('--rates', write('finer.json', { '': 1, '33': 1, '336': 3 })))[shop]).toMatchObject({
      leastMilliCredits: 3_000,
      mostMilliCredits: 9_000,
      uncertain: 2,
    }));

  it('with nothing free, what was not billed is charged as well', async () =>
    expect((await whatIf('--billing', write('all.json', { notBilledDlrs: [] })))[shop]).toMatchObject({
      chargedMilliCredits: 2_850,
      leastMilliCredits: 2_850 + 3 * 950,
      uncertain: 0,
    }));

  it('what the ledger does not hold is told by finals, or is uncertain', async () => {
    const billing = write('undelivered-free.json', { notBilledDlrs: [16, 2] });
    expect((await whatIf('--billing', billing))[shop]).toMatchObject({ leastMilliCredits: 0, mostMilliCredits: 2_850, uncertain: 2 });
    const parts = (...dlrs: number[]) => dlrs.map((dlr) => ({ dlr, ptt: 4 }));
    const finals = write(
      'finals.jsonl',
      [
        { messageId: 1, final: false, parts: [] },
        { messageId: 1, final: true, parts: parts(2) },
        { messageId: 3, final: true, parts: parts(1, 1, 16) },
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
    expect((await whatIf('--billing', billing, '--finals', finals))[shop]).toMatchObject({ leastMilliCredits: 1_900, mostMilliCredits: 1_900, uncertain: 0 });
    expect((await whatIf('--billing', billing, '--finals', finals))[bank]).toMatchObject({ leastMilliCredits: 0, mostMilliCredits: 950, uncertain: 1 });
  });

  it('needs a policy that can be read', async () => {
    expect((await audit(['what-if', '--export', file])).exitCode).toBe(2);
    expect((await audit(['what-if', '--export', file, '--billing', write('odd.json', { free: [] })])).exitCode).toBe(2);
  });
});
