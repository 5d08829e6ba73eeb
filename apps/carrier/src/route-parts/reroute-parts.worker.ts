import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import type { Connectors } from '../connectors/connectors.js';
import { ReroutePartsRepository, type RoutedPart } from './reroute-parts.repository.js';
import { routeOfReceiver } from './route-of-receiver.js';

const lookIntervalMs = 1_000;
/** While all connectors are well nothing should wait for the wrong one; a look that often finds what does all the same. */
const restMs = 30_000;
/** In one transaction: nobody waits for long. */
const rowsMax = 500;

/**
 * Moves what waits for a connector that is away, paused or gone to one that can take it. What was submitted and not answered stays: another
 * connector would send it a second time.
 */
export class ReroutePartsWorker {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isLooking = false;
  private stopped = false;
  private lookedAtMs = -Infinity;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly repository: ReroutePartsRepository,
    private readonly connectors: Connectors,
    private readonly log: Logger,
  ) {}

  /** Connectors were added, changed or removed. */
  lookSoon(): void {
    this.lookedAtMs = -Infinity;
  }

  start(): void {
    this.timer = setInterval(() => {
      if (!this.isLooking) this.running = this.look();
    }, lookIntervalMs);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  async look(): Promise<void> {
    const routes = this.connectors.routes();
    const isWell = routes.every(({ available }) => available);
    if (!routes.some(({ available }) => available) || (isWell && performance.now() - this.lookedAtMs < restMs)) return;
    this.lookedAtMs = isWell ? performance.now() : -Infinity;
    this.isLooking = true;
    try {
      for (const connector of await this.database.read((manager) => this.repository.waitedFor(manager))) await this.moveFrom(connector);
    } catch (error) {
      this.log.error({ err: { type: (error as Error).name } }, 'parts could not be moved to another connector; trying again');
    } finally {
      this.isLooking = false;
    }
  }

  private async moveFrom(connector: string): Promise<void> {
    const routes = this.connectors.routes();
    const route = routes.find(({ name }) => name === connector);
    if (route?.available || !routes.some(({ name, available }) => name !== connector && available)) return;
    let after = { messageId: 0, part: 0 };
    let movedAny = false;
    for (let page: RoutedPart[] | undefined; page === undefined || page.length === rowsMax; ) {
      if (this.stopped) return;
      page = await this.database.transaction(async (manager) => {
        const waiting = await this.repository.waitingFor(manager, connector, route === undefined, after, rowsMax);
        const moved = waiting.map((part) => ({ ...part, connector: routeOfReceiver(part.receiver, part.messageId, routes) })).filter((part) => part.connector !== connector);
        await this.repository.move(manager, moved);
        movedAny ||= moved.length > 0;
        return waiting;
      });
      after = page.at(-1) ?? after;
    }
    if (!movedAny) return;
    this.log.warn({ connector }, 'what waited for a connector goes to others');
    this.connectors.wake();
  }
}
