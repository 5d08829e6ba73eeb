import { adjustCredits, closeUser, openAccount, openUser, purchaseCredits, setQuota, setRecreditThreshold, setThreshold } from '@kwota/contracts/ledger.requests.v1';
import type { CreditCommand } from '@kwota/credit-ledger';
import type { IncomingMessage } from '@kwota/messaging';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { ChangeCreditHandler } from './change-credit.handler.js';

type OfAccount = { account: string };
type DryRunnable = OfAccount & { dryRun?: boolean };

/** Every change of an account's credit but sending: contract in, the aggregate's decision out. */
@Controller()
export class ChangeCreditOnRequest {
  constructor(private readonly change: ChangeCreditHandler) {}

  @OnRequest(openAccount)
  openAccount(@Payload() { account }: OfAccount, @Ctx() incoming: IncomingMessage) {
    return this.change.handle(account, { type: 'OpenAccount' }, incoming);
  }

  @OnRequest(purchaseCredits)
  purchase(@Payload() { account, ...purchase }: OfAccount & { reference: string; amountMilliCredits: number }, @Ctx() incoming: IncomingMessage) {
    return this.change.handle(account, { type: 'PurchaseCredits', ...purchase }, incoming);
  }

  @OnRequest(adjustCredits)
  adjust(
    @Payload() { account, ...adjustment }: OfAccount & { reference: string; amountMilliCredits: number; reasonCode: string; by: string },
    @Ctx() incoming: IncomingMessage,
  ) {
    return this.change.handle(account, { type: 'AdjustCredits', ...adjustment }, incoming);
  }

  @OnRequest(openUser)
  openUser(@Payload() { account, userId }: OfAccount & { userId: string }, @Ctx() incoming: IncomingMessage) {
    return this.change.handle(account, { type: 'OpenUser', userId }, incoming);
  }

  @OnRequest(closeUser)
  closeUser(@Payload() { account, userId }: OfAccount & { userId: string }, @Ctx() incoming: IncomingMessage) {
    return this.change.handle(account, { type: 'CloseUser', userId }, incoming);
  }

  @OnRequest(setQuota)
  setQuota(@Payload() request: DryRunnable & { userId: string; active: boolean; leftMilliCredits: number }, @Ctx() incoming: IncomingMessage) {
    const { account, dryRun, ...quota } = request;
    return this.changeOrWeigh(account, { type: 'SetQuota', ...quota }, incoming, dryRun);
  }

  @OnRequest(setThreshold)
  setThreshold(@Payload() request: DryRunnable & { userId: string | null; levelMilliCredits: number | null }, @Ctx() incoming: IncomingMessage) {
    const { account, dryRun, ...threshold } = request;
    return this.changeOrWeigh(account, { type: 'SetThreshold', ...threshold }, incoming, dryRun);
  }

  @OnRequest(setRecreditThreshold)
  setRecreditThreshold(@Payload() { account, levelMilliCredits }: OfAccount & { levelMilliCredits: number | null }, @Ctx() incoming: IncomingMessage) {
    return this.change.handle(account, { type: 'SetRecreditThreshold', levelMilliCredits }, incoming);
  }

  private changeOrWeigh(account: string, command: CreditCommand, incoming: IncomingMessage, dryRun: boolean | undefined) {
    return dryRun ? this.change.weigh(account, command) : this.change.handle(account, command, incoming);
  }
}
