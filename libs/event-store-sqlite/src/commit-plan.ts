import type { AppendOutcome, EventToAppend, StreamAppend } from '@kwota/event-store';
import type { EventFile } from './event-file.js';

/** What the next commit takes, decided append by append against the file and what the commit took before. */
export class CommitPlan {
  readonly accepted: StreamAppend[] = [];
  private readonly acceptedOf = new Map<string, EventToAppend[]>();

  constructor(private readonly file: EventFile) {}

  decide(append: StreamAppend): AppendOutcome {
    const { stream, expectedRevision, events } = append;
    const accepted = this.acceptedOf.get(stream);
    const revision = this.file.index.revisionOf(stream) + (accepted?.length ?? 0);
    if (expectedRevision === revision) {
      if (events.length > 0) this.accept(append, accepted);
    } else if (!this.isRepeat(append)) return { stream, appended: false, actualRevision: revision };
    return { stream, appended: true, revision: expectedRevision + events.length };
  }

  private accept(append: StreamAppend, accepted: EventToAppend[] | undefined): void {
    this.accepted.push(append);
    if (accepted) accepted.push(...append.events);
    else this.acceptedOf.set(append.stream, [...append.events]);
  }

  /** By id and hash: ids may be no more than stream and revision, under which another writer has put something else. */
  private isRepeat({ stream, expectedRevision, events }: StreamAppend): boolean {
    if (events.length === 0) return false;
    const stored = this.file.index.revisionOf(stream);
    const inFile = Math.min(Math.max(stored - expectedRevision, 0), events.length);
    const skipped = Math.max(expectedRevision - stored, 0);
    const accepted = this.acceptedOf.get(stream) ?? [];
    return (
      this.file.holds(stream, expectedRevision + 1, events.slice(0, inFile)) &&
      events.slice(inFile).every((event, index) => isSame(event, accepted[skipped + index]))
    );
  }
}

const isSame = (event: EventToAppend, other: EventToAppend | undefined): boolean =>
  other !== undefined && event.id === other.id && Buffer.compare(event.hash, other.hash) === 0;
