import { clientKeyValidMs, openHoldsMax } from './credit-account.js';
import { anna, annaOpened, bert, bertOpened, bought, given, noonMs, opened, quotaGiven, sends } from './credit-ledger.testing.js';
import { decideHold, holdRefusals } from './decide-hold.js';

const ready = () => given(opened, annaOpened, bertOpened, bought(2));
const key = { keyDigest: 'digest of the key', bodyDigest: 'digest of the body' };
const held = (ledger: ReturnType<typeof given>, command: ReturnType<typeof sends>, timeMs = noonMs) =>
  decideHold(command, ledger.account, { timeMs, commandId: 'again' }).held;

describe('hold credits', () => {
  it('a charge equal to the balance leaves zero', () => {
    const { events, account } = ready().when(sends([7, 8]));
    expect(events).toMatchObject([
      { type: 'CreditsHeld', messageId: 7, submissionId: 7, grantId: null, amountMilliCredits: 1_000, leftMilliCredits: 1_000 },
      { type: 'CreditsHeld', messageId: 8, submissionId: 7, grantId: null, amountMilliCredits: 1_000, leftMilliCredits: 0 },
    ]);
    expect(account).toMatchObject({ poolMilliCredits: 0, heldMilliCredits: 2_000 });
  });

  it('one message too many refuses the submission as a whole, and the refusal is recorded', () => {
    const { events, refusal, account } = ready().when(sends([7, 8, 9]));
    expect(refusal).toBe('credit-too-low');
    expect(events).toMatchObject([{ type: 'CommandRefused', code: 'credit-too-low', messageIds: [7, 8, 9], leftMilliCredits: 2_000 }]);
    expect(account).toMatchObject({ poolMilliCredits: 2_000, heldMilliCredits: 0 });
  });

  it('the quota pays where it is active, and the pool is not touched', () => {
    const { events, account } = given(opened, annaOpened, bought(2), quotaGiven(1)).when(sends([7]));
    expect(events).toMatchObject([{ type: 'CreditsHeld', grantId: 'g1', leftMilliCredits: 0 }]);
    expect(account).toMatchObject({ poolMilliCredits: 1_000, quotasMilliCredits: 0 });
  });

  it('a quota used up refuses though the pool is full', () =>
    expect(given(opened, annaOpened, bought(9), quotaGiven(1)).when(sends([7, 8])).refusal).toBe('quota-too-low'));

  it('the account itself spends its pool alone, never a quota', () => {
    const ledger = given(opened, annaOpened, bought(2), quotaGiven(1));
    expect(ledger.when(sends([7], { userId: null })).refusal).toBeUndefined();
    expect(ledger.when(sends([8], { userId: null })).refusal).toBe('credit-too-low');
  });

  it('a rate of nothing is held and charges nothing', () => {
    const free = sends([7], { messages: [{ messageId: 7, parts: 1, destination: '', amountMilliCredits: 0 }] });
    expect(given(opened, annaOpened).when(free).events).toMatchObject([{ type: 'CreditsHeld', amountMilliCredits: 0 }]);
  });
});

describe('a submission that comes again', () => {
  it('gets its first outcome without events, also when credit is gone or the user closed by then', () => {
    const ledger = ready();
    ledger.when(sends([7]));
    ledger.when(sends([8]));
    ledger.when({ type: 'CloseUser', userId: anna });
    expect(ledger.when(sends([7]))).toMatchObject({ events: [], refusal: undefined });
    expect(held(ledger, sends([7]))).toEqual({ messageIds: [7], takenMilliCredits: 1_000, leftMilliCredits: 1_000, heldAtMs: noonMs, repeats: 'submission' });
  });

  it('a refusal once answered stays a refusal, also after credit was bought', () => {
    const ledger = ready();
    ledger.when(sends([7, 8, 9]));
    ledger.when({ type: 'PurchaseCredits', reference: 'later', amountMilliCredits: 9_000 });
    expect(ledger.when(sends([7, 8, 9]))).toMatchObject({ events: [], refusal: 'credit-too-low' });
  });

  it('the same ids with another content are a conflict, and the first outcome stays', () => {
    const ledger = ready();
    ledger.when(sends([7]));
    expect(ledger.when(sends([7], { fingerprint: 'other' })).refusal).toBe('conflict');
    expect(held(ledger, sends([7]))).toMatchObject({ takenMilliCredits: 1_000, repeats: 'submission' });
  });

  it('an id of another submission among the ids is a conflict', () => {
    const ledger = ready();
    ledger.when(sends([7]));
    expect(ledger.when(sends([8, 7])).refusal).toBe('conflict');
    expect(ledger.when(sends([9, 9])).refusal).toBe('conflict');
  });

  it('is never decided anew once the log has given it before and its outcome is forgotten', () =>
    expect(ready().when(sends([7], { alreadyApplied: true }))).toMatchObject({ events: [], refusal: 'too-old' }));
});

describe('a client key', () => {
  it('with the same body repeats the first ids and result without events', () => {
    const ledger = ready();
    ledger.when(sends([7], { clientKey: key }));
    expect(ledger.when(sends([8], { clientKey: key })).events).toEqual([]);
    expect(held(ledger, sends([8], { clientKey: key }))).toMatchObject({ messageIds: [7], leftMilliCredits: 1_000, repeats: 'client-key' });
  });

  it('with another body is a key conflict', () => {
    const ledger = ready();
    ledger.when(sends([7], { clientKey: key }));
    expect(ledger.when(sends([8], { clientKey: { ...key, bodyDigest: 'other' } })).refusal).toBe('key-conflict');
    expect(ledger.when(sends([9], { clientKey: key })).events).toEqual([]);
  });

  it('is one user\'s own, and is forgotten after 24 hours of log time', () => {
    const ledger = ready();
    ledger.when(sends([7], { clientKey: key }));
    expect(ledger.when(sends([8], { clientKey: key, userId: bert })).events).toHaveLength(1);
    ledger.given(bought(5)).after(clientKeyValidMs - 1);
    expect(ledger.when(sends([9], { clientKey: key })).events).toEqual([]);
    expect(ledger.after(1).when(sends([10], { clientKey: key })).events).toHaveLength(1);
  });

  it('repeats a refusal too', () => {
    const ledger = ready();
    ledger.when(sends([7, 8, 9], { clientKey: key }));
    ledger.given(bought(5));
    expect(ledger.when(sends([10, 11, 12], { clientKey: key }))).toMatchObject({ events: [], refusal: 'credit-too-low' });
  });

  it('of a withdrawn submission is free again: its sender was told of a failure', () => {
    const ledger = ready();
    ledger.when(sends([7], { clientKey: key }));
    ledger.when({ type: 'WithdrawMessages', messageIds: [7] });
    expect(ledger.when(sends([8], { clientKey: key })).events).toHaveLength(1);
  });
});

describe('of several reasons the earlier in the list is given', () => {
  const nothingRight = sends([7], { userId: 'u-nobody', deadlineMs: noonMs - 1, messages: [{ messageId: 7, parts: 1, destination: '', amountMilliCredits: -1 }] });
  const withNobody = (account: ReturnType<typeof given>) => account.when(nothingRight).refusal;

  it('no account', () => expect(withNobody(given())).toBe('account-unknown'));
  it('account closed', () => expect(withNobody(given(opened, { type: 'AccountClosed' }))).toBe('account-closed'));
  it('account frozen', () => expect(withNobody(given(opened, { type: 'AccountFrozen' }))).toBe('account-frozen'));
  it('no such user', () => expect(withNobody(given(opened))).toBe('user-unknown'));
  it('user closed', () =>
    expect(withNobody(given(opened, { type: 'UserOpened', userId: 'u-nobody' }, { type: 'UserClosed', userId: 'u-nobody', returnedMilliCredits: 0 }))).toBe('user-closed'));
  it('withdrawn before it came', () =>
    expect(withNobody(given(opened, { type: 'UserOpened', userId: 'u-nobody' }, { type: 'MessagesWithdrawn', messageIds: [7] }))).toBe('withdrawn'));
  it('nobody waits any more', () => expect(withNobody(given(opened, { type: 'UserOpened', userId: 'u-nobody' }))).toBe('too-late'));
  it('not a price', () => {
    const withoutDeadline = { ...nothingRight, deadlineMs: undefined };
    expect(given(opened, { type: 'UserOpened', userId: 'u-nobody' }).when(withoutDeadline).refusal).toBe('price-not-valid');
  });
  it('as many open holds as an account may have', () => {
    const ledger = ready();
    Object.defineProperty(ledger.account.openCharges, 'size', { value: openHoldsMax });
    expect(decideHold(sends([7, 8, 9]), ledger.account, { timeMs: noonMs, commandId: 'c' }).refusal?.code).toBe('too-many-open-holds');
  });
  it('each reason is in the list once', () => expect(new Set(holdRefusals).size).toBe(holdRefusals.length));
});
