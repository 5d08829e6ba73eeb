import type { RequestContract } from '@kwota/contracts/define-request';
import type { CreditFact } from '@kwota/contracts/credit.v1';
import * as requests from '@kwota/contracts/ledger.requests.v1';
import { sendRefusals } from '@kwota/contracts/submissions.v1';
import { accountRefusals, holdRefusals, type CreditEvent } from '@kwota/credit-ledger';
import { createRequire } from 'node:module';
import { closeAll, startLedger } from './ledger-under-test.js';

afterEach(closeAll);

const all = Object.values(requests).filter((value) => typeof value === 'object') as unknown as readonly RequestContract<object, { outcome: string }>[];
const golden = createRequire(import.meta.url)('@kwota/contracts/golden/ledger.requests.json') as Record<string, { request: object }>;

it('a submission is refused for the reasons of the contract, in its order', () => expect(holdRefusals).toEqual(sendRefusals));

it('no request is refused for a reason that its contract does not have', () => {
  // Those two belong to commands that no request asks for: closing an account, giving a transfer back.
  const withoutRequest = ['holds-open', 'transfer-unknown'];
  const published = JSON.stringify(all.map(({ replySchema }) => replySchema));
  expect(accountRefusals.filter((code) => !withoutRequest.includes(code) && !published.includes(`"${code}"`))).toEqual([]);
});

/** The compiler holds it: neither side has a type that the other does not know. */
const asFacts = (types: readonly CreditEvent['type'][]): readonly CreditFact['type'][] => types;
const asEvents = (types: readonly CreditFact['type'][]): readonly CreditEvent['type'][] => types;
it('every event has its fact, and every fact its event', () => expect(asEvents(asFacts(['CreditsHeld']))).toEqual(['CreditsHeld']));

it.each(all.map((contract) => [contract.name, contract] as const))('the golden %s is answered as its contract says', async (name, contract) => {
  const ledger = await startLedger();
  await ledger.ask(requests.openAccount, { account: 'sms-kw00001-1' });
  // `ask` throws for an answer that the contract does not read.
  const reply = await ledger.ask(contract, golden[name]?.request ?? {});
  expect(['done', 'refused']).toContain(reply.outcome);
});
