// Events as double entry with running balances: what every accounting format is written from.
import { decodeEvent } from '@kwota/audit-log';
import { postingsOf, type CreditEvent, type MilliCredits, type PostingAccount } from '@kwota/credit-ledger';
import type { StoredEvent } from '@kwota/event-store';

export type Entry = Readonly<{
  account: string;
  posting: PostingAccount;
  amountMilliCredits: MilliCredits;
  balanceMilliCredits: MilliCredits;
  isFirst: boolean;
}>;
export type Transaction = Readonly<{
  event: StoredEvent;
  account: string;
  time: string;
  type: string;
  messageId: number | undefined;
  entries: readonly Entry[];
}>;

/** Events that move credit, in the order of all. @throws NotAnEvent where bytes cannot be read: verify tells more. */
export async function* transactionsOf(events: AsyncIterable<StoredEvent>): AsyncGenerator<Transaction> {
  const balances = new Map<string, MilliCredits>();
  for await (const event of events) {
    const { account, time, type, data } = decodeEvent(event.data);
    const postings = postingsOf({ type, ...data } as CreditEvent);
    if (postings.length === 0) continue;
    const entries = postings.map(({ account: posting, amountMilliCredits }): Entry => {
      const name = `${account}:${posting}`;
      const before = balances.get(name);
      const balanceMilliCredits = (before ?? 0) + amountMilliCredits;
      balances.set(name, balanceMilliCredits);
      return { account, posting, amountMilliCredits, balanceMilliCredits, isFirst: before === undefined };
    });
    yield { event, account, time, type, messageId: (data as { messageId?: number }).messageId, entries };
  }
}
