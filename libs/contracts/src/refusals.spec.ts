// Domain libs may not import contracts: that both name the same refusals in the same order is held here.
import { accountRefusals, holdRefusals } from '@kwota/credit-ledger';
import { allRequests } from './all.js';
import { alternativesOf, jsonSchemaOf } from './json-schema.js';
import { sendRefusals } from './submissions.v1.js';

it('a submission is refused for the reasons of the credit ledger, in its order', () => {
  expect(sendRefusals).toEqual(holdRefusals);
});

const ledgerRefusals = allRequests
  .filter(({ service }) => service === 'ledger')
  .map(({ name, replySchema }) => {
    const codes = alternativesOf(jsonSchemaOf(replySchema)).flatMap(({ properties }) => properties?.['code']?.enum ?? properties?.['code']?.const ?? []);
    return [name, codes] as const;
  });

it.each(ledgerRefusals)('%s: its refusals are of the credit ledger, in its order', (name, codes) => {
  const withoutRefusal = ['open-account', 'show-rate'];
  expect(codes.length > 0).toBe(!withoutRefusal.includes(name));
  expect(codes).toEqual(accountRefusals.filter((code) => codes.includes(code)));
});
