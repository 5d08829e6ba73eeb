import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { Rounds } from '@kwota/service-kit/rounds';
import { Connectors } from '../connectors/connectors.js';
import { OperationsPublisher } from './operations.publisher.js';

const lookIntervalMs = 30_000;
/** An SMSC's maintenance or a lost line that is back sooner is no news. */
export const downAfterMs = 5 * 60 * 1_000;
const charactersMax = 200;

/** Tells operators of connectors that are not bound though they should be: once each time. */
export class WatchConnectorsWorker {
  private readonly rounds: Rounds;
  private readonly told = new Set<string>();

  constructor(
    private readonly database: ServiceDatabase,
    private readonly connectors: Connectors,
    private readonly operations: OperationsPublisher,
    private readonly log: Logger,
  ) {
    this.rounds = new Rounds(log, 'a connector that is down could not be told of');
  }

  start(): void {
    this.rounds.every(lookIntervalMs, () => this.look(downAfterMs));
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  async look(afterMs: number): Promise<void> {
    const all = this.connectors.all();
    const down = all.filter(({ paused, connection }) => !paused && !connection.isBound && connection.awayMs >= afterMs);
    for (const name of [...this.told]) if (!down.some((connector) => connector.name === name)) this.told.delete(name);
    const fresh = down.filter(({ name }) => !this.told.has(name));
    if (fresh.length === 0) return;
    const atMs = Date.now();
    const events = fresh.map(({ name: connector, connection: { problem, awayMs } }) => {
      return { type: 'ConnectorDown', connector, problem: problem.slice(0, charactersMax), downSinceMs: Math.round(atMs - awayMs), atMs } as const;
    });
    await this.database.transaction((manager) => this.operations.tell(manager, events));
    this.operations.relay();
    for (const { name } of fresh) this.told.add(name);
  }
}
