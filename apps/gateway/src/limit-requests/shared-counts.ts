import { counts, countersPerMessageMax, type Counted } from '@kwota/contracts/counts.v1';
import type { OutgoingMessage } from '@kwota/messaging';
import type { OnApplicationShutdown } from '@nestjs/common';
import { entriesMax, MinuteWindows } from './windows.js';

/** What is counted meanwhile goes out together: so long, and as long as the log takes, others do not know of it. */
export const toldAfterMs = 250;
/** What comes later than that belongs to a minute that is over. */
const oldAfterMs = 60_000;
/** The contract's limit: who is named at more length is counted by each gateway for itself. */
const counterLengthMax = 400;

type Heard = Readonly<{ windows: MinuteWindows; trust: (name: string) => void }>;

/** Counts of a minute that all gateways keep together: each counts in its own memory, asks nobody, and tells the others what it counted a moment later. */
export class SharedCounts implements OnApplicationShutdown {
  private readonly kinds = new Map<string, Heard>();
  private counted = new Map<string, number>();
  private trusted = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private isTelling = false;
  private isClosed = false;

  constructor(
    private readonly publish: (messages: readonly OutgoingMessage[]) => Promise<void>,
    /** This gateway's, new at each start. */
    private readonly instanceId: string,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** @param kind of what is counted; `trust` hears of logins and addresses that others trust. */
  windows(kind: string, trust: (name: string) => void = () => undefined): MinuteWindows {
    const windows = new MinuteWindows(this.nowMs, (key, count) => this.count(`${kind} ${key}`, count));
    this.kinds.set(kind, { windows, trust });
    return windows;
  }

  /** Tells the others of a login and an address from which the right password came. */
  tellTrusted(kind: string, name: string): void {
    const counter = `${kind} ${name}`;
    if (counter.length > counterLengthMax || this.trusted.size >= countersPerMessageMax) return;
    this.trusted.add(counter);
    this.tellSoon();
  }

  hear({ instanceId, atMs, counts: told, trusted }: Counted): void {
    if (instanceId === this.instanceId || Math.abs(Date.now() - atMs) > oldAfterMs) return;
    for (const { counter, count } of told) this.of(counter, ({ windows }, key) => windows.hear(key, count));
    for (const counter of trusted) this.of(counter, ({ trust }, key) => trust(key));
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.isClosed = true;
  }

  private of(counter: string, work: (heard: Heard, key: string) => void): void {
    const end = counter.indexOf(' ');
    const heard = this.kinds.get(counter.slice(0, end));
    if (heard) work(heard, counter.slice(end + 1));
  }

  private count(counter: string, count: number): void {
    const sum = (this.counted.get(counter) ?? 0) + count;
    // What was counted and taken back within the moment is nobody's business.
    if (sum === 0) this.counted.delete(counter);
    else if (counter.length <= counterLengthMax && this.counted.size < entriesMax) this.counted.set(counter, sum);
    this.tellSoon();
  }

  private tellSoon(): void {
    if (this.isTelling || this.isClosed) return;
    this.timer ??= setTimeout(() => void this.tell(), toldAfterMs).unref();
  }

  private async tell(): Promise<void> {
    this.timer = undefined;
    const messages = this.takeMessages();
    if (messages.length === 0) return;
    this.isTelling = true;
    // Where the log is away nobody sends, and each counts alone until it is back.
    await this.publish(messages).catch(() => undefined);
    this.isTelling = false;
    if (this.counted.size + this.trusted.size > 0) this.tellSoon();
  }

  private takeMessages(): OutgoingMessage[] {
    const told = [...this.counted].map(([counter, count]) => ({ counter, count }));
    const trusted = [...this.trusted];
    this.counted = new Map();
    this.trusted = new Set();
    const [instanceId, atMs] = [this.instanceId, Date.now()];
    const messages: OutgoingMessage[] = [];
    while (told.length + trusted.length > 0) {
      const body = { kind: 'counted' as const, instanceId, atMs, counts: told.splice(0, countersPerMessageMax), trusted: trusted.splice(0, countersPerMessageMax) };
      messages.push(counts.message(body, { id: `${instanceId}@${atMs}.${messages.length}`, source: 'kwota/gateway' }));
    }
    return messages;
  }
}
