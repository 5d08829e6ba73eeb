import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { Rounds } from '@kwota/service-kit/rounds';
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
  private readonly rounds: Rounds;
  private lookedAtMs = -Infinity;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly repository: ReroutePartsRepository,
    private readonly connectors: Connectors,
    private readonly log: Logger,
  ) {
    this.rounds = new Rounds(log, 'parts could not be moved to another connector');
  }

  /** Connectors were added, changed or removed. */
  lookSoon(): void {
    this.lookedAtMs = -Infinity;
  }

  start(): void {
    this.rounds.every(lookIntervalMs, () => this.look());
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  async look(): Promise<void> {
    const routes = this.connectors.routes();
    const isWell = routes.every(({ available }) => available);
    if (!routes.some(({ available }) => available) || (isWell && performance.now() - this.lookedAtMs < restMs)) return;
    this.lookedAtMs = isWell ? performance.now() : -Infinity;
    for (const connector of await this.database.read((manager) => this.repository.waitedFor(manager))) await this.moveFrom(connector);
  }

  private async moveFrom(connector: string): Promise<void> {
    const routes = this.connectors.routes();
    const route = routes.find(({ name }) => name === connector);
    if (route?.available || !routes.some(({ name, available }) => name !== connector && available)) return;
    let after = { messageId: 0, part: 0 };
    let movedAny = false;
    for (let page: RoutedPart[] | undefined; page === undefined || page.length === rowsMax; ) {
      if (this.rounds.isStopped) return;
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
