// What others publish by the contracts is handled here, and what is answered keeps to them.
import * as requests from '@kwota/contracts/alerts.requests.v1';
import { credit, type CreditFact } from '@kwota/contracts/credit.v1';
import type { RequestContract } from '@kwota/contracts/define-request';
import { users, type UsersEvent } from '@kwota/contracts/users.v1';
import { readFileSync } from 'node:fs';
import { byMail, closeAll, openWorld, startAlerts } from './alerts-under-test.js';

afterEach(closeAll);

const examplesOf = <Example>(noun: string): [string, Example][] =>
  Object.entries(JSON.parse(readFileSync(new URL(`../../../libs/contracts/golden/${noun}.json`, import.meta.url), 'utf8')));

it('every published credit event is taken, and the crossing among them is told', async () => {
  const world = await openWorld();
  const alerts = await startAlerts(world);
  const examples = examplesOf<CreditFact>('credit').map(([, fact]) => fact);
  const crossings = examples.filter((fact) => fact.type === 'ThresholdCrossed');
  for (const { userId } of crossings) await alerts.setRecipient(byMail, userId);
  await world.messaging.publish(examples.map((fact, index) => credit.message(fact, { id: `${index}`, source: 'kwota/ledger' })));
  await world.messaging.drain();
  expect(crossings).not.toEqual([]);
  expect((await alerts.rows()).map(({ crossingId }) => crossingId)).toEqual(crossings.map(({ crossingId }) => crossingId));
  expect(world.deadLetters).toEqual([]);
});

it.each(examplesOf<UsersEvent>('users'))('the published example %s, then its tombstone, is taken', async (_, fact) => {
  const world = await openWorld();
  await startAlerts(world);
  const message = users.message(fact, { id: '1', source: 'kwota/users' });
  await world.messaging.publish([message, { ...message, value: null }]);
  await world.messaging.drain();
  expect(world.deadLetters).toEqual([]);
});

const contracts = new Map(Object.values(requests).map((contract) => [contract.name, contract as unknown as RequestContract<unknown, { outcome: string }>]));

it.each(examplesOf<{ request: unknown }>('alerts.requests'))('the published example %s is answered by its contract', async (name, { request }) => {
  const contract = contracts.get(name);
  if (!contract) throw new Error(`no contract ${name}`);
  const { client, setRecipient } = await startAlerts(await openWorld());
  await setRecipient(byMail, (request as { userId?: string | null }).userId ?? null);
  expect(await client.ask(contract, request)).toMatchObject({ outcome: 'done' });
});
