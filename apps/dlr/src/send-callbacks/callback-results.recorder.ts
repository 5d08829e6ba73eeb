// What became of attempts, many in one transaction. A result that is lost with the process repeats its callback.
import { ServiceDatabase } from '@kwota/service-kit/database';
import { GatheredWrites } from '@kwota/service-kit/gathered-writes';
import type { Logger } from '@kwota/service-kit/logger';
import { EndpointsRepository } from '../watch-endpoints/endpoints.repository.js';
import { WatchEndpointsWorker } from '../watch-endpoints/watch-endpoints.worker.js';
import { CallbackClaims } from './callback-claims.js';
import { CallbackQueueRepository, callbackState, type CallbackResult } from './callback-queue.repository.js';

/** Nobody waits for a result; a commit costs the same for one as for a hundred. */
const spacingMs = 20;

export type DueOrigins = Readonly<{ origins: readonly string[]; atMs: number }>;

export class CallbackResultsRecorder {
  private readonly gathered: GatheredWrites<CallbackResult>;
  private listener: (due: DueOrigins) => void = () => undefined;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly claims: CallbackClaims,
    private readonly queue: CallbackQueueRepository,
    private readonly endpoints: EndpointsRepository,
    private readonly watcher: WatchEndpointsWorker,
    log: Logger,
  ) {
    const onFailure = ({ name }: Error): void => log.error({ err: { type: name } }, 'results of callbacks could not be stored; trying again');
    this.gathered = new GatheredWrites((results) => this.write(results), onFailure, spacingMs);
  }

  /** Called when callbacks wait in the table for that time. */
  onRecorded(listener: (due: DueOrigins) => void): void {
    this.listener = listener;
  }

  record(result: CallbackResult): void {
    this.gathered.record(result);
  }

  /** Resolves when all is durable, or one more attempt has failed. */
  close(): Promise<void> {
    return this.gathered.close();
  }

  private async write(results: readonly CallbackResult[]): Promise<void> {
    const nowMs = Date.now();
    const { isShared } = this.database;
    // Nothing follows a final but its correction, which supersedes it, unless another instance makes it.
    const followed = isShared ? results : results.filter(({ callback, state }) => !callback.final && state !== callbackState.waiting);
    const messageIds = [...new Set(followed.map(({ callback }) => callback.messageId))];
    const goneUrls = new Set(results.filter(({ switchOff }) => switchOff).map(({ callback }) => callback.url));
    const { unblocked, switchedOff } = await this.database.transaction(async (manager) => {
      await this.queue.record(manager, results);
      await this.endpoints.record(manager, healthOf(results, goneUrls));
      const off = [];
      for (const url of goneUrls) off.push({ url, scopes: await this.watcher.switchOff(manager, url, 'gone', nowMs) });
      return { unblocked: isShared ? await this.queue.followOn(manager, messageIds, nowMs) : await this.queue.unblock(manager, messageIds, nowMs), switchedOff: off };
    });
    this.claims.settle(results.map(({ callback }) => callback));
    this.listener({ origins: unblocked, atMs: nowMs });
    for (const { callback, state, nextAttemptAtMs } of results)
      if (state === callbackState.waiting) this.listener({ origins: [callback.origin], atMs: nextAttemptAtMs });
    for (const { url, scopes } of switchedOff) this.watcher.switchedOff(url, 'gone', scopes);
  }
}

/** An attempt that a final cut short says nothing of the endpoint. */
const healthOf = (results: readonly CallbackResult[], goneUrls: ReadonlySet<string>): { took: Set<string>; failed: Map<string, number> } => {
  const took = new Set<string>();
  const failed = new Map<string, number>();
  for (const { callback: { url }, attempts, state } of results) {
    const [atMs, , reason] = attempts.at(-1) ?? [0, null, null];
    if (state === callbackState.delivered) took.add(url);
    else if (!goneUrls.has(url) && reason !== 'cut-short') failed.set(url, atMs);
  }
  return { took, failed };
};
