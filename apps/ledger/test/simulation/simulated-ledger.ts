// One process of the ledger: its own classes and the transport that Nest gives it, over simulated time, store and log.
import { ratingPolicyV1 } from '@kwota/credit-ledger';
import { createLogger } from '@kwota/service-kit/logger';
import { MessagingStrategy } from '@kwota/service-kit/messaging-strategy';
import { RequestClient } from '@kwota/service-kit/request-client';
import { PATTERN_EXTRAS_METADATA, PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import { ChangeCreditHandler } from '../../src/change-credit/change-credit.handler.js';
import { ChangeCreditOnRequest } from '../../src/change-credit/change-credit.on-request.js';
import { CreditAccountsRepository } from '../../src/credit-accounts/credit-accounts.repository.js';
import { FactsRelay } from '../../src/credit-accounts/facts.relay.js';
import { LedgerClock } from '../../src/credit-accounts/ledger-clock.js';
import { LedgerWriter } from '../../src/credit-accounts/ledger-writer.js';
import { OwnPartitions } from '../../src/credit-accounts/own-partitions.js';
import { HoldCreditsHandler } from '../../src/hold-credits/hold-credits.handler.js';
import { HoldCreditsOnSubmissions } from '../../src/hold-credits/hold-credits.on-submissions.js';
import { LedgerSettings } from '../../src/ledger-settings.js';
import { ReleaseForgottenHoldsTimer } from '../../src/release-forgotten-holds/release-forgotten-holds.timer.js';
import { SettleChargesOnDelivery } from '../../src/settle-charges/settle-charges.on-delivery.js';
import { TakeSnapshotsHandler } from '../../src/take-snapshots/take-snapshots.handler.js';
import { TransferCreditsOnCredit } from '../../src/transfer-credits/transfer-credits.on-credit.js';
import { TransferCreditsOnRequest } from '../../src/transfer-credits/transfer-credits.on-request.js';
import { Lifeline, type Faults } from './faults.js';
import { SimulatedMessaging, type Broker } from './simulated-log.js';
import { SimulatedStore, type Disk } from './simulated-store.js';

const silent = createLogger('simulation', 'error', { write: () => undefined });

export type Surroundings = Readonly<{ disk: Disk; broker: Broker; faults: Faults; wallMs: () => number; monotonicMs: () => number }>;

export class SimulatedLedger {
  readonly lifeline = new Lifeline();
  readonly messaging: SimulatedMessaging;
  readonly accounts: CreditAccountsRepository;
  readonly writer: LedgerWriter;
  readonly relay: FactsRelay;
  readonly partitions: OwnPartitions;
  readonly clock: LedgerClock;
  /** How far this process' wall clock has jumped. */
  jumpMs = 0;
  private readonly snapshots: TakeSnapshotsHandler;
  private readonly forgottenHolds: ReleaseForgottenHoldsTimer;

  constructor({ disk, broker, faults, wallMs, monotonicMs }: Surroundings) {
    const { lifeline } = this;
    const store = new SimulatedStore(disk, faults, lifeline);
    this.messaging = new SimulatedMessaging(broker, faults, lifeline);
    this.accounts = new CreditAccountsRepository(store);
    this.relay = new FactsRelay(store, this.messaging, silent);
    this.clock = new LedgerClock(() => wallMs() + this.jumpMs, monotonicMs);
    this.writer = new LedgerWriter(this.accounts, store, this.relay, this.clock);
    this.partitions = new OwnPartitions(this.messaging, store, this.accounts, this.writer, this.relay, silent);
    this.partitions.follow('kwota.ledger');
    this.snapshots = new TakeSnapshotsHandler(this.accounts, store, (account) => this.partitions.owns(account), undefined, () => store.loadMarks(FactsRelay.mark));
    this.forgottenHolds = new ReleaseForgottenHoldsTimer(this.accounts, this.writer, this.clock, silent);
    const requests = RequestClient.start(this.messaging, 'ledger', 5_000);
    const change = new ChangeCreditHandler(this.accounts, this.writer);
    this.listen([
      new HoldCreditsOnSubmissions(new HoldCreditsHandler(this.accounts, this.writer, this.messaging, new LedgerSettings(ratingPolicyV1), silent)),
      new SettleChargesOnDelivery(this.accounts, this.writer),
      new ChangeCreditOnRequest(change),
      new TransferCreditsOnRequest(change),
      new TransferCreditsOnCredit(this.accounts, this.writer, requests),
    ]);
  }

  /** As kill -9: whatever it was waiting for never comes. */
  crash(): void {
    this.lifeline.isCut = true;
    this.messaging.stop();
  }

  /** As its timer does. */
  async takeSnapshots(): Promise<void> {
    const upTo = this.partitions.durableUpTo;
    if (await this.relay.isNoted()) await this.snapshots.handle(upTo);
  }

  tick(): Promise<void> {
    return this.forgottenHolds.tick();
  }

  get isAtRest(): boolean {
    return this.messaging.isAtRest && this.relay.waiting === 0;
  }

  private listen(controllers: readonly object[]): void {
    const strategy = new MessagingStrategy(this.messaging, 'ledger', silent);
    for (const controller of controllers)
      for (const method of handlersOf(controller)) {
        const [pattern] = Reflect.getMetadata(PATTERN_METADATA, method) as string[];
        const handle = async (payload: unknown, incoming: unknown): Promise<unknown> => method.call(controller, payload, incoming);
        strategy.addHandler(pattern, handle as never, false, Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method));
      }
    strategy.listen((error) => {
      if (error) throw error;
    });
  }
}

type Handler = (payload: unknown, incoming: unknown) => unknown;
const handlersOf = (controller: object): readonly Handler[] =>
  Object.values(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(controller) as object))
    .map(({ value }) => value as Handler)
    .filter((method) => typeof method === 'function' && Reflect.hasMetadata(PATTERN_METADATA, method));
