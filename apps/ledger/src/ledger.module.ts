import { CheckpointFile } from '@kwota/audit-log/checkpoint-file';
import { parseRatesFile, ratingPolicyV1, type RatingPolicy } from '@kwota/credit-ledger';
import { EventStore } from '@kwota/event-store';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { Messaging } from '@kwota/messaging';
import type { Logger } from '@kwota/service-kit/logger';
import { isKurrentUrl, isPostgresUrl } from '@kwota/service-kit/needs';
import { RequestClient } from '@kwota/service-kit/request-client';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Injectable, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { ChangeCreditHandler } from './change-credit/change-credit.handler.js';
import { ChangeCreditOnRequest } from './change-credit/change-credit.on-request.js';
import { CreditAccountsRepository } from './credit-accounts/credit-accounts.repository.js';
import { FactsRelay } from './credit-accounts/facts.relay.js';
import { LedgerClock } from './credit-accounts/ledger-clock.js';
import { LedgerWriter } from './credit-accounts/ledger-writer.js';
import { OwnPartitions } from './credit-accounts/own-partitions.js';
import { HoldCreditsHandler } from './hold-credits/hold-credits.handler.js';
import { HoldCreditsOnSubmissions } from './hold-credits/hold-credits.on-submissions.js';
import { LedgerSettings } from './ledger-settings.js';
import { sealIntervalMs, type LedgerConfig } from './ledger.config.js';
import { ReleaseForgottenHoldsTimer } from './release-forgotten-holds/release-forgotten-holds.timer.js';
import { sealingKeys, type SealingConfig } from './seal-events/seal-events.config.js';
import { SealEventsHandler } from './seal-events/seal-events.handler.js';
import { restBetweenTurns, SealEventsTimer } from './seal-events/seal-events.timer.js';
import { SettleChargesOnDelivery } from './settle-charges/settle-charges.on-delivery.js';
import { ShowAccountOnRequest } from './show-account/show-account.on-request.js';
import { TakeSnapshotsTimer } from './take-snapshots/take-snapshots.timer.js';
import { TransferCreditsOnCredit } from './transfer-credits/transfer-credits.on-credit.js';
import { TransferCreditsOnRequest } from './transfer-credits/transfer-credits.on-request.js';

/** The sealer where there is a key, with its file. */
class Sealing {
  constructor(
    private readonly timer?: SealEventsTimer,
    private readonly file?: CheckpointFile,
  ) {}

  async stop(): Promise<void> {
    await this.timer?.stop();
    this.file?.close();
  }
}

@Injectable()
class LedgerLifecycle implements OnApplicationShutdown {
  constructor(
    private readonly requests: RequestClient,
    private readonly store: EventStore,
    private readonly relay: FactsRelay,
    private readonly writer: LedgerWriter,
    private readonly forgottenHolds: ReleaseForgottenHoldsTimer,
    private readonly snapshots: TakeSnapshotsTimer,
    private readonly sealing: Sealing,
    private readonly partitions: OwnPartitions,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    this.forgottenHolds.stop();
    this.partitions.stop();
    await this.snapshots.stop();
    await this.requests.close();
    await this.writer.settled();
    await this.relay.close();
    await this.sealing.stop();
    await this.store.close();
  }
}

@Module({})
export class LedgerModule {
  static register(runtime: ServiceRuntime, config: Pick<LedgerConfig, 'eventStoreUrl' | 'ratesFile' | 'sendDeadlineMs'> & SealingConfig): DynamicModule {
    const { messaging, logger, directory, health, metrics } = runtime;
    const auditKeys = sealingKeys(config);
    const settings = new LedgerSettings(config.ratesFile ? readRatesFile(config.ratesFile) : ratingPolicyV1);
    return {
      module: LedgerModule,
      controllers: [
        HoldCreditsOnSubmissions,
        SettleChargesOnDelivery,
        ChangeCreditOnRequest,
        TransferCreditsOnRequest,
        TransferCreditsOnCredit,
        ShowAccountOnRequest,
      ],
      providers: [
        { provide: Messaging, useValue: messaging },
        { provide: LedgerSettings, useValue: settings },
        { provide: LedgerClock, useFactory: () => new LedgerClock() },
        { provide: EventStore, useFactory: () => openEventStore(config.eventStoreUrl, directory.file('events.db'), logger) },
        { provide: RequestClient, useFactory: () => RequestClient.whenAsked(messaging, runtime.service, config.sendDeadlineMs, metrics) },
        { provide: FactsRelay, useFactory: (store: EventStore) => new FactsRelay(store, messaging, logger), inject: [EventStore] },
        CreditAccountsRepository,
        {
          // The accounts of its partitions are in memory before the first message is handled; what was not published yet goes out on the way.
          provide: OwnPartitions,
          useFactory: (store: EventStore, accounts: CreditAccountsRepository, writer: LedgerWriter, relay: FactsRelay) => {
            const partitions = new OwnPartitions(messaging, store, accounts, writer, relay, logger);
            partitions.follow(`kwota.${runtime.service}`);
            health.add('accounts', () => partitions.health());
            return partitions;
          },
          inject: [EventStore, CreditAccountsRepository, LedgerWriter, FactsRelay],
        },
        {
          provide: LedgerWriter,
          useFactory: (accounts: CreditAccountsRepository, store: EventStore, relay: FactsRelay, clock: LedgerClock) => {
            const writer = new LedgerWriter(accounts, store, relay, clock);
            health.add('event store', () => {
              const reasons = [...writer.troubles, ...store.health().reasons];
              return { ready: reasons.length === 0, reasons };
            });
            health.add('clock', () => {
              const ready = clock.isTrusted;
              return { ready, reasons: ready ? [] : ['the wall clock jumped against the monotonic one'] };
            });
            metrics.gauge('kwota_ledger_facts_waiting', 'Credit events appended and not yet published.', () => relay.waiting);
            return writer;
          },
          inject: [CreditAccountsRepository, EventStore, FactsRelay, LedgerClock],
        },
        {
          provide: HoldCreditsHandler,
          useFactory: (accounts: CreditAccountsRepository, writer: LedgerWriter) => new HoldCreditsHandler(accounts, writer, messaging, settings, logger),
          inject: [CreditAccountsRepository, LedgerWriter],
        },
        {
          provide: ReleaseForgottenHoldsTimer,
          useFactory: (accounts: CreditAccountsRepository, writer: LedgerWriter, clock: LedgerClock) => {
            const timer = new ReleaseForgottenHoldsTimer(accounts, writer, clock, logger);
            timer.start();
            return timer;
          },
          inject: [CreditAccountsRepository, LedgerWriter, LedgerClock],
        },
        {
          provide: TakeSnapshotsTimer,
          useFactory: (accounts: CreditAccountsRepository, store: EventStore, writer: LedgerWriter, relay: FactsRelay, partitions: OwnPartitions) => {
            const timer = new TakeSnapshotsTimer(accounts, writer, relay, partitions, store, logger);
            timer.start();
            return timer;
          },
          inject: [CreditAccountsRepository, EventStore, LedgerWriter, FactsRelay, OwnPartitions],
        },
        {
          provide: Sealing,
          useFactory: (store: EventStore, writer: LedgerWriter) => {
            if (auditKeys.length === 0) return new Sealing();
            const file = CheckpointFile.open(directory.file('checkpoints.db'));
            const sealEvents = new SealEventsHandler(store, file, auditKeys, restBetweenTurns(writer));
            const timer = new SealEventsTimer(sealEvents, config.auditSealIntervalMs ?? sealIntervalMs, logger);
            timer.start();
            metrics.gauge('kwota_ledger_sealed_events', 'Credit events under the last signed checkpoint.', () => sealEvents.sealedEvents);
            metrics.gauge('kwota_ledger_sealing_refused', '1 when the store is not the one that was sealed: nothing is signed any more.', () => timer.refused);
            return new Sealing(timer, file);
          },
          inject: [EventStore, LedgerWriter],
        },
        ChangeCreditHandler,
        LedgerLifecycle,
      ],
    };
  }
}

/** Version 1 is the default; a file makes the next. */
const readRatesFile = (path: string): RatingPolicy => {
  try {
    return parseRatesFile(JSON.parse(readFileSync(path, 'utf8')), 2);
  } catch (error) {
    throw new Error(`KWOTA_RATES_FILE: ${(error as Error).message}`, { cause: error });
  }
};

/** Port → adapter. */
export const openEventStore = async (url: string | undefined, defaultFile: string, log: Logger): Promise<EventStore> => {
  const onTrouble = (error: Error): void => log.warn({ err: { type: error.name } }, 'the event store is in trouble');
  // Drivers are loaded by who needs them.
  if (url && isPostgresUrl(url)) return (await import('@kwota/event-store-postgres')).PostgresEventStore.open({ url, onTrouble });
  if (url && isKurrentUrl(url)) return (await import('@kwota/event-store-kurrentdb')).KurrentEventStore.open({ url, onTrouble });
  if (!url || url.startsWith('sqlite:')) return SqliteEventStore.open({ path: url ? url.replace(/^sqlite:(?:\/\/)?/, '') || defaultFile : defaultFile });
  throw new Error(`KWOTA_EVENT_STORE_URL: ${url.split(':')[0]} is not supported by this version, only sqlite:, postgres:// and kurrentdb://`);
};
