import { delivery } from '@kwota/contracts/delivery.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { Rounds } from '@kwota/service-kit/rounds';
import { Outbox } from '@kwota/service-kit/outbox';
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { CallbackQueueRepository } from '../send-callbacks/callback-queue.repository.js';
import { CallbackSettingsRepository, type CallbackScope } from '../set-callbacks/callback-settings.repository.js';
import { EndpointsRepository, type FailingEndpoint } from './endpoints.repository.js';
import { failingPercent, percentToTell, switchOffAfterMs, type ToldPercent } from './failing-percent.js';

const lookIntervalMs = 60_000;

/** Tells the owners of endpoints that fail, and switches those off that have taken nothing for five days. */
export class WatchEndpointsWorker {
  private readonly rounds: Rounds;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly endpoints: EndpointsRepository,
    private readonly queue: CallbackQueueRepository,
    private readonly settings: CallbackSettingsRepository,
    private readonly outbox: Outbox,
    private readonly log: Logger,
  ) {
    this.rounds = new Rounds(log, 'failing endpoints could not be looked at');
  }

  start(): void {
    this.rounds.every(lookIntervalMs, () => this.look(Date.now()));
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  async look(nowMs: number): Promise<void> {
    const failing = await this.database.read((manager) => this.endpoints.failing(manager));
    for (const endpoint of failing) {
      const percent = percentToTell(failingPercent(endpoint), endpoint.toldPercent);
      if (percent !== undefined) await this.tell(endpoint, percent, nowMs);
    }
    await this.database.transaction((manager) => this.endpoints.forgetStale(manager, nowMs - switchOffAfterMs));
  }

  /** 410, or five days without success: the URL is taken away in the transaction, and its owners are told. Whose it was. */
  async switchOff(manager: EntityManager, url: string, reason: 'gone' | 'failing', atMs: number): Promise<CallbackScope[]> {
    const scopes = await this.settings.switchOff(manager, url);
    await this.queue.giveUp(manager, url);
    await this.endpoints.forget(manager, url);
    const events = scopes.map(({ account, userId }) =>
      delivery.message({ type: 'CallbackSwitchedOff', account, userId, reason, atMs }, { id: idOf(url, account, userId, `off.${atMs}`), source: 'kwota/dlr' }),
    );
    await this.outbox.add(manager, events);
    return scopes;
  }

  /** After the commit. */
  switchedOff(url: string, reason: 'gone' | 'failing', scopes: readonly CallbackScope[]): void {
    this.settings.forgetUrl(url);
    this.outbox.relay();
    for (const { account, userId } of scopes) this.log.warn({ account, userId, reason }, 'a callback URL is switched off');
  }

  private async tell(endpoint: FailingEndpoint, percent: ToldPercent, atMs: number): Promise<void> {
    const { url } = endpoint;
    if (percent === 100) {
      const scopes = await this.database.transaction((manager) => this.switchOff(manager, url, 'failing', atMs));
      this.switchedOff(url, 'failing', scopes);
      return;
    }
    const scopes = await this.database.transaction(async (manager) => {
      const { failingSinceMs } = endpoint;
      const owners = await this.settings.scopesOf(manager, url);
      const events = owners.map(({ account, userId }) =>
        delivery.message(
          { type: 'CallbackEndpointFailing', account, userId, percent, failingSinceMs, atMs },
          { id: idOf(url, account, userId, `${failingSinceMs}.${percent}`), source: 'kwota/dlr' },
        ),
      );
      await this.outbox.add(manager, events);
      await this.endpoints.told(manager, url, percent);
      return owners;
    });
    this.outbox.relay();
    for (const { account, userId } of scopes) this.log.warn({ account, userId, percent }, 'a callback URL fails');
  }
}

/** A URL may hold a secret. */
const idOf = (url: string, account: string, userId: string | null, what: string): string =>
  createHash('sha256').update(`${url} ${account} ${userId} ${what}`).digest('hex').slice(0, 32);
