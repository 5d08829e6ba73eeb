import { readEvents, showAccount, showRate, showUsers } from '@kwota/contracts/ledger.requests.v1';
import { decodeEvent } from '@kwota/audit-log';
import { burnAt, leftTo, priceOf, runsOutAtMs, type Burn, type CreditEvent } from '@kwota/credit-ledger';
import { EventStore } from '@kwota/event-store';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { factOf } from '../credit-accounts/facts.relay.js';
import { streamOf } from '../credit-accounts/fold-account.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';
import { LedgerSettings } from '../ledger-settings.js';

const unknown = { outcome: 'refused', code: 'account-unknown' } as const;

const paceOf = (burn: Burn, leftMilliCredits: number, timeMs: number) => ({
  burnMilliCreditsPerHour: Math.round(burnAt(burn, timeMs)),
  runsOutAtMs: runsOutAtMs(burn, leftMilliCredits, timeMs),
});

/** What is shown was taken before the wait and is durable after it. */
@Controller()
export class ShowAccountOnRequest {
  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
    private readonly store: EventStore,
    private readonly settings: LedgerSettings,
  ) {}

  @OnRequest(showAccount)
  async showAccount(@Payload() { account }: { account: string }) {
    await this.accounts.ensureLoaded([account]);
    const { state } = this.accounts.get(account);
    if (state.status === 'not-opened') return unknown;
    const view = {
      outcome: 'done',
      poolMilliCredits: state.poolMilliCredits,
      heldByQuotaMilliCredits: state.quotasMilliCredits,
      heldByMessagesMilliCredits: state.heldMilliCredits,
      consumedMilliCredits: state.consumedMilliCredits,
      usersWithQuota: state.usersWithQuota,
      openHolds: state.openCharges.size,
      accountSequence: state.revision,
      thresholdMilliCredits: state.threshold?.levelMilliCredits ?? null,
      recreditThresholdMilliCredits: state.recreditThreshold?.levelMilliCredits ?? null,
      ...paceOf(state.burn, state.poolMilliCredits, state.timeMs),
    };
    await this.writer.flushed();
    return view;
  }

  @OnRequest(showRate)
  showRate(@Payload() { prefix }: { prefix: string }) {
    const { rating } = this.settings;
    return { outcome: 'done', milliCreditsPerPart: priceOf(rating, `+${prefix}`, 1).amountMilliCredits, rateVersion: rating.version };
  }

  @OnRequest(showUsers)
  async showUsers(@Payload() { account, userIds }: { account: string; userIds?: string[] }) {
    await this.accounts.ensureLoaded([account]);
    const { state } = this.accounts.get(account);
    if (state.status === 'not-opened') return unknown;
    const wanted = userIds ?? [...state.users.keys()];
    const users = wanted.flatMap((userId) => {
      const user = state.users.get(userId);
      if (!user) return [];
      return [
        {
          userId,
          quotaActive: user.grant !== undefined,
          leftMilliCredits: leftTo(state, userId),
          thresholdMilliCredits: user.threshold?.levelMilliCredits ?? null,
          ...paceOf(user.burn, leftTo(state, userId), state.timeMs),
        },
      ];
    });
    await this.writer.flushed();
    return { outcome: 'done', users };
  }

  @OnRequest(readEvents)
  async readEvents(@Payload() { account, fromSequence, limit }: { account: string; fromSequence: number; limit: number }) {
    await this.accounts.ensureLoaded([account]);
    const { status, revision: accountSequence } = this.accounts.get(account).state;
    await this.writer.flushed();
    const events: unknown[] = [];
    for await (const stored of this.store.readStream(streamOf(account), fromSequence)) {
      const { revision, time, type, data } = decodeEvent(stored.data);
      events.push(factOf({ account, revision, time, event: { type, ...data } as CreditEvent }));
      if (events.length === limit) break;
    }
    return status === 'not-opened' ? unknown : { outcome: 'done', events, accountSequence };
  }
}
