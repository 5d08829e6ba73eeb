import type { StreamHead } from '@kwota/event-store';
import { noStreamYet } from '@kwota/event-store';
import type { Head } from './commit-row.js';

type Stream = { revision: number; readonly firstRevisions: number[]; readonly commits: number[] };

/** Which commits hold a stream's events: 16 bytes a stream and commit, in memory alone, made from the heads at each opening. */
export class StreamIndex {
  private readonly byName = new Map<string, Stream>();
  /** The position that the next event gets. */
  nextPosition = 1;

  /** Commits come in their order. */
  add(position: number, heads: readonly Head[]): void {
    let next = position;
    for (const { stream, firstRevision, count } of heads) {
      let known = this.byName.get(stream);
      if (!known) this.byName.set(stream, (known = { revision: noStreamYet, firstRevisions: [], commits: [] }));
      known.revision = firstRevision + count - 1;
      next += count;
      // Two appends to one stream may share a commit; it is found by the first.
      if (known.commits.at(-1) === position) continue;
      known.firstRevisions.push(firstRevision);
      known.commits.push(position);
    }
    this.nextPosition = next;
  }

  revisionOf(stream: string): number {
    return this.byName.get(stream)?.revision ?? noStreamYet;
  }

  /** The position of the commit that holds this revision. */
  commitOf(stream: string, revision: number): number | undefined {
    const known = this.byName.get(stream);
    if (!known || revision > known.revision) return undefined;
    let low = 0;
    let high = known.firstRevisions.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (known.firstRevisions[middle]! <= revision) low = middle;
      else high = middle - 1;
    }
    return known.commits[low];
  }

  heads(): StreamHead[] {
    return Array.from(this.byName, ([stream, { revision }]) => ({ stream, revision }));
  }
}
