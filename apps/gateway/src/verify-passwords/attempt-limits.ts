const windowMs = 60_000;
/** A person mistypes a few times a minute; a guesser of 63^8 passwords needs more. */
export const failuresPerLoginMax = 10;
/** Several people behind one address. */
export const failuresPerAddressMax = 50;
/** Memory stays bounded whatever is thrown at the port: 100,000 entries of about 100 bytes. */
const entriesMax = 100_000;

type Failures = { count: number; sinceMs: number };

/** Wrong passwords of the last minute by login and by address; kept by this process alone. */
export class AttemptLimits {
  private readonly failures = new Map<string, Failures>();
  private readonly trusted = new Map<string, true>();

  constructor(private readonly nowMs: () => number) {}

  /** An address from which the right password came before is never refused for the failures that others make with that login. */
  refuses(login: string, address: string): boolean {
    if (this.count(`address ${address}`) >= failuresPerAddressMax) return true;
    return this.count(`login ${login}`) >= failuresPerLoginMax && !this.trusted.has(`${login} ${address}`);
  }

  /** Counted at once; taken back when it turns out right, or nobody could tell. */
  failed(login: string, address: string): { takeBack(): void } {
    const counted: Failures[] = [];
    for (const key of [`login ${login}`, `address ${address}`]) {
      const known = this.failures.get(key);
      const current = known && this.nowMs() - known.sinceMs < windowMs ? known : { count: 0, sinceMs: this.nowMs() };
      current.count += 1;
      counted.push(current);
      if (current === known) continue;
      this.failures.delete(key);
      this.failures.set(key, current);
    }
    dropOldest(this.failures);
    return {
      takeBack: () => {
        for (const failures of counted) failures.count -= 1;
      },
    };
  }

  succeeded(login: string, address: string): void {
    this.trusted.set(`${login} ${address}`, true);
    dropOldest(this.trusted);
  }

  private count(key: string): number {
    const known = this.failures.get(key);
    return known && this.nowMs() - known.sinceMs < windowMs ? known.count : 0;
  }
}

const dropOldest = (map: Map<string, unknown>): void => {
  for (const key of map.keys()) {
    if (map.size <= entriesMax) return;
    map.delete(key);
  }
};
