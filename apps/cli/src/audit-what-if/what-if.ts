// What each message would have cost under other rates or another billing policy. Where the ledger does not hold what that would take to know
// exactly (numbers, final codes), the answer is the least and the most.
import type { EventEnvelope } from '@kwota/audit-log';
import { isBilled, type BillingPolicy, type CreditEvent, type MilliCredits, type PartOutcome, type RatingPolicy } from '@kwota/credit-ledger';

export type OtherPolicies = Readonly<{
  rates?: RatingPolicy;
  billing?: BillingPolicy;
  /** What each message's parts ended with, where dlr's records were given. */ finals?: ReadonlyMap<number, readonly PartOutcome[]>;
}>;

export type AccountWhatIf = Readonly<{
  account: string;
  /** Messages that came to an end; those still held are left out. */
  messages: number;
  chargedMilliCredits: MilliCredits;
  leastMilliCredits: MilliCredits;
  mostMilliCredits: MilliCredits;
  /** Messages of which only the least and the most can be told. */
  uncertain: number;
}>;

type Message = {
  destination: string;
  parts: number;
  priceMilliCredits: MilliCredits;
  chargedMilliCredits: MilliCredits;
  notBilledMilliCredits: MilliCredits;
  policyVersion: number | undefined;
  isEnded: boolean;
  /** Withdrawn, or ended without any outcome: free whatever the policy says. */
  isVoid: boolean;
};
type Range = readonly [least: number, most: number];

export class WhatIf {
  private readonly accounts = new Map<string, Map<number, Message>>();

  constructor(private readonly policies: OtherPolicies) {}

  take({ account, type, data }: EventEnvelope): void {
    const event = { type, ...data } as CreditEvent;
    let messages = this.accounts.get(account);
    if (!messages) this.accounts.set(account, (messages = new Map()));
    if (event.type === 'CreditsHeld') {
      const { destination, parts, amountMilliCredits } = event;
      messages.set(event.messageId, {
        destination,
        parts,
        priceMilliCredits: amountMilliCredits,
        chargedMilliCredits: 0,
        notBilledMilliCredits: 0,
        policyVersion: undefined,
        isEnded: false,
        isVoid: false,
      });
      return;
    }
    const message = 'messageId' in event ? messages.get(event.messageId) : undefined;
    if (message) settle(message, event);
  }

  accountsUnderOtherPolicies(): readonly AccountWhatIf[] {
    return Array.from(this.accounts, ([account, messages]) => {
      const ended = [...messages].filter(([, { isEnded }]) => isEnded);
      const ranges = ended.map(([messageId, message]) => this.costOf(messageId, message));
      return {
        account,
        messages: ended.length,
        chargedMilliCredits: ended.reduce((sum, [, { chargedMilliCredits }]) => sum + chargedMilliCredits, 0),
        leastMilliCredits: ranges.reduce((sum, [least]) => sum + least, 0),
        mostMilliCredits: ranges.reduce((sum, [, most]) => sum + most, 0),
        uncertain: ranges.filter(([least, most]) => least !== most).length,
      };
    });
  }

  private costOf(messageId: number, message: Message): Range {
    if (message.isVoid) return [0, 0];
    const [leastParts, mostParts] = this.policies.billing
      ? billedUnder(this.policies.billing, message, this.policies.finals?.get(messageId))
      : billedThen(message);
    const [leastRate, mostRate] = this.policies.rates ? ratesFor(this.policies.rates, message.destination) : same(message.priceMilliCredits / message.parts);
    return [Math.round(leastParts * leastRate), Math.round(mostParts * mostRate)];
  }
}

const same = (value: number): Range => [value, value];

const settle = (message: Message, event: CreditEvent): void => {
  if (event.type === 'CreditsCaptured' || event.type === 'CaptureCorrected') {
    message.isEnded = true;
    message.isVoid = false;
    message.chargedMilliCredits += event.amountMilliCredits;
    message.policyVersion = event.billingPolicyVersion;
    // A correction takes what was released before.
    if (event.type === 'CaptureCorrected') message.notBilledMilliCredits -= event.amountMilliCredits;
  } else if (event.type === 'CreditsReleased') {
    message.isEnded = true;
    if (event.reason === 'not-billed') message.notBilledMilliCredits += event.amountMilliCredits;
    else message.isVoid = message.chargedMilliCredits === 0;
  } else if (event.type === 'CreditsRefunded') {
    message.chargedMilliCredits -= event.amountMilliCredits;
    if (event.reason === 'withdrawn') message.isVoid = true;
    else message.notBilledMilliCredits += event.amountMilliCredits;
  }
};

/** As it was charged; a price of nothing does not tell for how many parts. */
const billedThen = ({ priceMilliCredits, parts, chargedMilliCredits }: Message): Range =>
  priceMilliCredits === 0 ? [0, parts] : same((chargedMilliCredits / priceMilliCredits) * parts);

/**
 * The ledger holds no final codes. Under policy 1 a part is free exactly when it ended with DLR 16: that much is known of each part, and finals, where
 * they are given, tell the rest.
 */
const billedUnder = (policy: BillingPolicy, message: Message, finals: readonly PartOutcome[] | undefined): Range => {
  if (finals) return same(Math.min(message.parts, finals.filter((part) => isBilled(policy, part)).length));
  const [leastBilled, mostBilled] = billedThen(message);
  const known = message.policyVersion === undefined || message.policyVersion === 1;
  if (!known) return [0, message.parts];
  const freeThen: Range = [message.parts - mostBilled, message.parts - leastBilled];
  const isFree16 = policy.notBilledDlrs.includes(16);
  const mayBeFree16 = isFree16 || policy.notBilled.some(({ dlr }) => dlr === 16);
  const mayBeFreeElse = policy.notBilledDlrs.some((dlr) => dlr !== 16) || policy.notBilled.some(({ dlr }) => dlr !== 16);
  return [(mayBeFreeElse ? 0 : leastBilled) + (mayBeFree16 ? 0 : freeThen[0]), mostBilled + (isFree16 ? 0 : freeThen[1])];
};

/** The event holds the prefix that decided then, never the number: longer prefixes of the new table may or may not have been the number's. */
const ratesFor = ({ ratesMilliCredits }: RatingPolicy, destination: string): Range => {
  let decided = '';
  const longer: MilliCredits[] = [];
  for (const [prefix, rate] of ratesMilliCredits) {
    if (destination.startsWith(prefix) && prefix.length >= decided.length) decided = prefix;
    else if (prefix.startsWith(destination)) longer.push(rate);
  }
  const rate = ratesMilliCredits.get(decided) ?? 0;
  return [Math.min(rate, ...longer), Math.max(rate, ...longer)];
};
