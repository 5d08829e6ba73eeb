import type { AssignmentListener } from '@kwota/messaging';
import { tellAssignment } from '@kwota/messaging/tell-assignment';

/** The partition numbers of one member: which it may handle, and what the service's listener has been told of them. */
export class GroupAssignment {
  private readonly ready = new Set<number>();
  private told: ReadonlySet<number> | undefined;
  private telling: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly listener: () => AssignmentListener | undefined,
    private readonly onRetry: (error: unknown) => void,
  ) {}

  /** The member has it, and the listener is ready for it. */
  isReady(partition: number): boolean {
    return this.ready.has(partition);
  }

  /** What is not kept must be told anew, as gained, if it comes back. */
  keep(isKept: (partition: number) => boolean): void {
    for (const partition of [...this.ready]) if (!isKept(partition)) this.ready.delete(partition);
  }

  setReady(partitions: ReadonlySet<number>): void {
    for (const partition of partitions) this.ready.add(partition);
  }

  /** Resolves when the listener is ready; false: the signal came first. Calls of the listener follow each other. */
  tell(partitions: ReadonlySet<number>, signal: AbortSignal): Promise<boolean> {
    const listener = this.listener();
    const gained = new Set([...partitions].filter((partition) => !this.ready.has(partition)));
    const lost = new Set([...(this.told ?? [])].filter((partition) => !partitions.has(partition)));
    const isNews = this.told === undefined || gained.size > 0 || lost.size > 0;
    this.told = partitions;
    if (!listener || !isNews) return Promise.resolve(true);
    const telling = this.telling.then(() => tellAssignment(listener, { partitions, gained, lost }, { signal, onRetry: this.onRetry }));
    this.telling = telling;
    return telling;
  }
}
