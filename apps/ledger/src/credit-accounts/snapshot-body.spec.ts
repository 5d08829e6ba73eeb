import { assertInvariantInFull, decideHold, evolve, newCreditAccount, reducerVersion } from '@kwota/credit-ledger';
import { anAccount, annaOpened, bought, noonMs, opened, sends } from '@kwota/credit-ledger/testing';
import { jsonOf, openSnapshot, pack, snapshotBody, unpack } from './snapshot-body.js';

const context = { timeMs: noonMs, commandId: 'c' };
const accountWith = (openHolds: number) => {
  const account = newCreditAccount(anAccount);
  for (const event of [opened, annaOpened, bought(1_000_000)]) evolve(account, event, context);
  for (let id = 1; id <= openHolds; id += 2) for (const event of decideHold(sends([id, id + 1]), account, context).events) evolve(account, event, context);
  return account;
};

it('an account with very many holds is written and read a part at a time, and others have turns between', async () => {
  const account = accountWith(30_000);
  let turns = 0;
  const giveWay = async (): Promise<void> => void (turns += 1);
  const packed = await pack(account, giveWay);
  expect(turns).toBeGreaterThanOrEqual(15);
  turns = 0;
  const again = await unpack(anAccount, packed, giveWay);
  expect(turns).toBeGreaterThanOrEqual(15);
  expect(jsonOf(again)).toBe(jsonOf(account));
  assertInvariantInFull(again);
  // The messages of one submission have it in common again.
  expect(again.openCharges.get(1)?.submission).toBe(again.openCharges.get(2)?.submission);
});

it('a body says what it covers, and gives its account back', async () => {
  const account = accountWith(4);
  const body = snapshotBody(1_234, await pack(account));
  const openedAgain = openSnapshot({ revision: account.revision, hash: new Uint8Array(32), reducerVersion, body });
  expect(openedAgain?.coveredUpTo).toBe(1_234);
  expect(jsonOf(await unpack(anAccount, openedAgain!.packed))).toBe(jsonOf(account));
  expect(openSnapshot({ revision: 1, hash: new Uint8Array(32), reducerVersion: reducerVersion - 1, body })).toBeUndefined();
});
