import { Chance } from './chance.js';
import { Clients } from './clients.js';
import { Faults } from './faults.js';
import { Broker, partitionCount } from './simulated-log.js';
import { SimulatedLedger, type Surroundings } from './simulated-ledger.js';
import { Disk } from './simulated-store.js';
import { SimulatedTime } from './simulated-time.js';

const startMs = Date.UTC(2030, 0, 1, 12);
const hourMs = 3_600_000;
/** Steps: most faults need few, and many short histories see more of them than few long ones. */
const lengths = [4, 6, 8, 10, 30];
/** Longer than all attempts that an unforeseen error gets. */
const storeAwayMs = 40_000;
/** Then whatever can still happen has happened: retries wait ten seconds at most. */
const restWithinMs = 10 * 60_000;
/** Longer than any pause between two steps of one piece of work. */
const calmMs = 5_000;

/** What a history leaves behind, for the checks. */
export type Ended = Readonly<{ disk: Disk; broker: Broker; ledgers: readonly SimulatedLedger[]; ownerOf: (partition: number) => SimulatedLedger }>;

/** The ledger did not come to rest though nothing fails any more. */
export class NeverAtRest extends Error {
  override readonly name = 'NeverAtRest';
}

/** Two ledgers over one store and one log, clients who ask them, and whatever can go wrong: all of it by one seed. */
export class History {
  private readonly chance: Chance;
  private readonly time = new SimulatedTime();
  private readonly faults: Faults;
  private readonly surroundings: Surroundings;
  private readonly clients: Clients;
  private readonly ledgers: SimulatedLedger[];
  private owners: number[] = [];
  /** Hours that passed at once, on every clock. */
  private leapMs = 0;

  constructor(seed: number) {
    this.chance = new Chance(seed);
    this.faults = new Faults(this.chance, this.time, this.chance.pick([0, 1, 5, 15]));
    const monotonicMs = () => this.time.nowMs + this.leapMs;
    const wallMs = () => startMs + monotonicMs();
    const broker = new Broker(wallMs);
    this.surroundings = { disk: new Disk(), broker, faults: this.faults, wallMs, monotonicMs };
    this.clients = new Clients(this.chance, wallMs, (message) => void broker.append(message));
    this.ledgers = [];
  }

  async run(): Promise<Ended> {
    const restore = this.time.install();
    try {
      this.ledgers.push(new SimulatedLedger(this.surroundings), new SimulatedLedger(this.surroundings));
      this.rebalance();
      this.clients.open();
      for (let steps = this.chance.pick(lengths); steps > 0; steps -= 1) {
        this.step();
        await this.time.run(() => false, this.pauseMs);
      }
      await this.rest();
      const { disk, broker } = this.surroundings;
      return { disk, broker, ledgers: this.ledgers, ownerOf: (partition) => this.ledgers[this.owners[partition] ?? 0] as SimulatedLedger };
    } finally {
      for (const ledger of this.ledgers) ledger.crash();
      restore();
    }
  }

  private get pauseMs(): number {
    if (this.faults.storeIsAway) return this.chance.below(storeAwayMs);
    return this.chance.below(this.chance.percent(80) ? 15 : 2_000);
  }

  private step(): void {
    const { chance } = this;
    const happens = chance.below(100);
    const which = chance.below(2);
    const ledger = this.ledgers[which] as SimulatedLedger;
    if (happens < 80) for (let commands = 1 + chance.below(3); commands > 0; commands -= 1) this.clients.next();
    else if (happens < 85) this.restart(which);
    else if (happens < 90) this.rebalance();
    else if (happens < 93) ledger.takeSnapshots().catch((error: Error) => this.whenAlive(ledger, error));
    else if (happens < 95) void ledger.tick();
    else if (happens < 97) ledger.jumpMs += chance.pick([-30_000, -5_000, 20_000, 7_200_000]);
    else if (happens < 98) this.faults.storeIsAwayUntilMs = this.time.nowMs + storeAwayMs;
    else this.leapMs += chance.pick([1, 25, 11 * 24]) * hourMs;
  }

  /** A read that fails is tried again by the timer; that a state differs from its events is what this is all about. */
  private whenAlive(ledger: SimulatedLedger, error: Error): void {
    if (error.name !== 'Error' && !ledger.lifeline.isCut) ledger.writer.distrust(error);
  }

  private restart(which: number): void {
    this.ledgers[which]?.crash();
    this.ledgers[which] = new SimulatedLedger(this.surroundings);
    this.rebalance();
  }

  /** Whoever loses a partition may hear of it late: until then it believes that it is still its own. */
  private rebalance(): void {
    const { epochs } = this.surroundings.broker;
    const before = this.owners;
    this.owners = Array.from({ length: partitionCount }, () => this.chance.below(2));
    if (this.chance.percent(25)) this.owners.fill(this.chance.below(2));
    for (let partition = 0; partition < partitionCount; partition += 1) epochs[partition] = before[partition] === this.owners[partition] ? (epochs[partition] as number) : (epochs[partition] as number) + 1;
    for (const [which, ledger] of this.ledgers.entries()) {
      const isLate = this.faults.happens();
      const tell = (): void => ledger.messaging.assign(this.partitionsOf(which));
      if (isLate) void this.time.pause(this.chance.below(20_000)).then(tell);
      else tell();
    }
  }

  private partitionsOf(which: number): ReadonlyMap<number, number> {
    return new Map(this.owners.flatMap((owner, partition) => (owner === which ? [[partition, this.surroundings.broker.epochs[partition] as number] as const] : [])));
  }

  /** Nothing fails any more; a ledger that does not trust its clock is started anew, as its orchestrator would. */
  private async rest(): Promise<void> {
    this.faults.areOn = false;
    for (const [which, ledger] of this.ledgers.entries()) if (!ledger.clock.isTrusted) this.restart(which);
    for (const [which, ledger] of this.ledgers.entries()) ledger.messaging.assign(this.partitionsOf(which));
    await this.settle();
    // A dead process's last write may have come after its successor read the stream: whoever writes next finds out.
    this.clients.sendOnce();
    await this.settle();
  }

  private async settle(): Promise<void> {
    const isAtRest = (): boolean => this.ledgers.every((ledger) => ledger.isAtRest);
    do
      if (!(await this.time.run(isAtRest, restWithinMs))) throw new NeverAtRest(this.ledgers.map(({ writer, partitions }) => [...writer.troubles, ...partitions.health().reasons].join()).join(' | '));
    while (await this.time.run(() => !isAtRest(), calmMs));
  }
}
