import type { SharedCounts } from '../limit-requests/shared-counts.js';
import { entriesMax, type MinuteWindows } from '../limit-requests/windows.js';

/** A person mistypes a few times a minute; a guesser of 63^8 passwords needs more. */
export const failuresPerLoginMax = 10;
/** Several people behind one address. */
export const failuresPerAddressMax = 50;

/** Wrong passwords of the last minute by login and by address, at all gateways. */
export class AttemptLimits {
  private readonly failures: MinuteWindows;
  private readonly trusted = new Map<string, true>();

  /** @param kind of password: each has its own failures. */
  constructor(
    private readonly counts: SharedCounts,
    private readonly kind: 'passwords' | 'owners',
  ) {
    this.failures = counts.windows(kind, (name) => this.trust(name));
  }

  /** An address from which the right password came before is never refused for the failures that others make with that login. */
  refuses(login: string, address: string): boolean {
    if (this.failures.hasTaken(`address ${address}`, failuresPerAddressMax)) return true;
    return this.failures.hasTaken(`login ${login}`, failuresPerLoginMax) && !this.trusted.has(nameOf(login, address));
  }

  /** Counted at once; taken back when it turns out right, or nobody could tell. */
  failed(login: string, address: string): { takeBack(): void } {
    const counted = [`login ${login}`, `address ${address}`].map((key) => this.failures.add(key));
    return {
      takeBack: () => {
        for (const failure of counted) failure.takeBack();
      },
    };
  }

  succeeded(login: string, address: string): void {
    const name = nameOf(login, address);
    if (this.trusted.has(name)) return;
    this.trust(name);
    this.counts.tellTrusted(this.kind, name);
  }

  private trust(name: string): void {
    this.trusted.set(name, true);
    if (this.trusted.size > entriesMax) this.trusted.delete(this.trusted.keys().next().value ?? '');
  }
}

const nameOf = (login: string, address: string): string => `${login} ${address}`;
