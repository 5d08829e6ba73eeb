import { decodeEvent, genesisHash, hashOf, type EventEnvelope } from '@kwota/audit-log';
import { credit } from '@kwota/contracts/credit.v1';
import { assertInvariantInFull, evolve, newCreditAccount, type CreditAccount, type CreditEvent } from '@kwota/credit-ledger';
import type { StoredEvent } from '@kwota/event-store';
import type { IncomingMessage } from '@kwota/messaging';
import { partitionOf } from '@kwota/messaging/partition-of';
import { repliesTopic } from '@kwota/messaging/requests';
import { factOf } from '../../src/credit-accounts/facts.relay.js';
import { accountOf, applyTo, emptyAccount, loadSnapshot } from '../../src/credit-accounts/fold-account.js';
import { jsonOf } from '../../src/credit-accounts/snapshot-body.js';
import type { Ended } from './history.js';
import { ModelAccount, type Outcome } from './ledger-model.js';
import { Acknowledged } from './acknowledged.js';
import { partitionCount } from './simulated-log.js';

type Recorded = EventEnvelope & { readonly event: CreditEvent };

/** Throws where the ledger is not what the model says, or one of its views differs from another. */
export const check = async (ended: Ended): Promise<void> => {
  const { disk, broker, ledgers } = ended;
  for (const [topic, partitions] of broker.topics) if (topic.endsWith('.dead') && partitions.flat().length > 0) throw new Error(`dead letter: ${JSON.stringify(partitions.flat()[0])}`);
  for (const { writer } of ledgers) if (writer.troubles.some((trouble) => trouble.includes('invariant'))) throw new Error(writer.troubles.join());
  const acknowledged = new Acknowledged();
  const models: ModelAccount[] = [];
  for (const [stream, stored] of disk.streams) {
    const account = accountOf(stream);
    const recorded = stored.map(recordedOf);
    const folded = checkAgainstModel(account, stored, recorded, ended, acknowledged, models);
    await checkViews(account, folded, stored, ended);
    checkFacts(account, recorded, broker.records(credit.topic, partitionOf(account, partitionCount)));
  }
  const sum = (of: (account: ModelAccount) => number): number => models.reduce((total, account) => total + of(account), 0);
  equal('what went out and what came in', sum(({ received }) => [...received.values()].reduce((total, amount) => total + amount, 0)), sum(({ transfers }) => [...transfers.values()].reduce((total, { amount, returned }) => total + (returned ? 0 : amount), 0)));
  acknowledged.check(broker.topics.get(repliesTopic)?.flat() ?? [], [...broker.topics.values()].flat(2), new Map(models.map((model) => [model.name, model])));
};

/** The store's order of commands put to the model one by one, and to the account's own fold: the same outcome, the same money. */
const checkAgainstModel = (account: string, stored: readonly StoredEvent[], recorded: readonly Recorded[], { broker }: Ended, acknowledged: Acknowledged, models: ModelAccount[]): CreditAccount => {
  const model = new ModelAccount(account);
  models.push(model);
  let state = newCreditAccount(account);
  let hash: Uint8Array = genesisHash;
  let timeMs = 0;
  const positions = new Map<string, number>();
  for (const group of groups(recorded)) {
    const [{ source, commandId, time }] = group as [Recorded];
    const asked = source ? (broker.records(source.topic, source.partition)[source.offset] as IncomingMessage) : undefined;
    const outcome = askModel(model, asked, group, Date.parse(time));
    const where = `${account} at ${group[0]?.revision}, ${commandId}`;
    equal(`${where}: outcome`, comparable(outcomeOf(group)), comparable(outcome));
    acknowledged.happened(commandId, outcome);
    // Told that it was so already, and then given again by the log: it must not undo what came after it.
    if (source && ['QuotaAllocated', 'QuotaChanged', 'QuotaReturned', 'ThresholdSet'].includes(group[0]?.type ?? '') && source.offset < (positions.get(source.topic) ?? -1)) throw new Error(`${where}: a repeat has an effect`);
    if (source) positions.set(source.topic, source.offset);
    for (const { event, time: at, revision } of group) {
      const atMs = Date.parse(at);
      if (atMs < timeMs) throw new Error(`${where}: time goes back`);
      timeMs = atMs;
      hash = hashOf(hash, stored[revision]?.data as Uint8Array);
      if (Buffer.compare(hash, stored[revision]?.hash as Uint8Array) !== 0) throw new Error(`${where}: the hash chain breaks`);
      state = evolve(state, event, { timeMs: atMs, commandId, source: source ?? undefined });
    }
    assertInvariantInFull(state);
    equal(`${where}: balances`, balancesOf(state), { pool: model.pool, quotas: model.quotas, held: model.held, consumed: model.consumed, left: [...model.users.keys()].map((user) => model.left(user)) });
    acknowledged.stands(model);
  }
  return state;
};

const balancesOf = (state: CreditAccount) => ({
  pool: state.poolMilliCredits,
  quotas: state.quotasMilliCredits,
  held: state.heldMilliCredits,
  consumed: state.consumedMilliCredits,
  left: [...state.users.values()].map(({ grant }) => grant?.leftMilliCredits ?? state.poolMilliCredits),
});

const recordedOf = ({ data: bytes }: StoredEvent): Recorded => {
  const envelope = decodeEvent(bytes);
  return { ...envelope, event: { type: envelope.type, ...envelope.data } as CreditEvent };
};

/** The events of one decision lie together: one command, one source, one moment. */
const groups = (recorded: readonly Recorded[]): readonly (readonly Recorded[])[] => {
  const all: Recorded[][] = [];
  let last = '';
  for (const one of recorded) {
    const key = JSON.stringify([one.commandId, one.source, one.time]);
    if (key !== last) all.push([]);
    last = key;
    all.at(-1)?.push(one);
  }
  return all;
};

const outcomeOf = (group: readonly Recorded[]): Outcome => {
  const code = group.flatMap(({ event }) => (event.type === 'CommandRefused' ? [event.code] : []))[0];
  const users = (type: 'ThresholdCrossed' | 'ThresholdRearmed') => group.flatMap(({ event }) => (event.type === type ? [event.userId] : []));
  return { ...(code === undefined ? {} : { code }), crossed: users('ThresholdCrossed'), rearmed: users('ThresholdRearmed') };
};

const comparable = (outcome: Outcome) => (outcome === 'nothing' ? outcome : [outcome.code ?? 'done', outcome.crossed, outcome.rearmed]);

const askModel = (model: ModelAccount, asked: IncomingMessage | undefined, group: readonly Recorded[], atMs: number): Outcome => {
  // Which holds are due the model does not count; that each is ended once, and with which money, it does.
  if (!asked) return model.forget(group.flatMap(({ event }) => (event.type === 'CreditsReleased' ? [event.messageId] : [])));
  const body = JSON.parse(asked.value ?? '');
  if (body.kind === 'send') return model.send(body, atMs);
  if (body.kind === 'withdraw') return model.withdraw(body.messageIds);
  if (body.type === 'MessageStateChanged') return model.settle(body);
  if (body.type === 'CreditsTransferredOut') return model.giveUpTransfer(body.transferId);
  return model.request(asked.headers['ce_type']?.split('.').at(-2) ?? '', asked.headers['ce_id'] ?? '', body);
};

/** Running state = fold from zero = snapshot and tail. */
const checkViews = async (account: string, folded: CreditAccount, stored: readonly StoredEvent[], { disk, ownerOf }: Ended): Promise<void> => {
  const running = ownerOf(partitionOf(account, partitionCount)).accounts.find(account);
  if (running) equal(`${account}: running state`, jsonOf(running.state), jsonOf(folded));
  const store = { loadSnapshot: async (stream: string) => disk.snapshots.get(stream) } as Parameters<typeof loadSnapshot>[0];
  const known = (await loadSnapshot(store, account))?.known ?? emptyAccount(account);
  for (const event of stored.slice(known.state.revision + 1)) applyTo(known, event);
  equal(`${account}: snapshot and tail`, jsonOf(known.state), jsonOf(folded));
};

/** Each event is a fact, for the first time in its place; later again as often as it likes, with the same content. */
const checkFacts = (account: string, recorded: readonly Recorded[], records: readonly IncomingMessage[]): void => {
  const facts = recorded.map(({ revision, time, event }) => JSON.stringify(factOf({ account, revision, time, event })));
  let next = 0;
  for (const { key, value } of records) {
    if (key !== account) continue;
    const { accountSequence } = JSON.parse(value ?? '') as { accountSequence: number };
    if (accountSequence > next) throw new Error(`${account}: fact ${accountSequence} comes before ${next}`);
    next = Math.max(next, accountSequence + 1);
    if (value !== facts[accountSequence]) throw new Error(`${account}: fact ${accountSequence} is ${value}, not ${facts[accountSequence]}`);
  }
  equal(`${account}: facts`, next, facts.length);
};

export const equal = (what: string, actual: unknown, expected: unknown): void => {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is === should) return;
  const from = Math.max(0, [...is].findIndex((letter, index) => letter !== should[index]) - 200);
  throw new Error(`${what} is ${is.slice(from, from + 400)}, not ${should.slice(from, from + 400)}`);
};
