import type { IncomingMessage } from '@kwota/messaging';
import { Injectable } from '@nestjs/common';

/** What an operator sees of a dead letter: where it came from and why, never what was in it. */
export type DeadLetter = Readonly<{
  id: string;
  topic: string;
  account: string;
  type: string;
  group: string;
  stage: string;
  reason: string;
  at: string;
}>;

/** The header by which a record on a dead-letter topic says that another one is done with, and how. */
export const settlesHeader = 'dead-settles';
export const settledAsHeader = 'dead-settled-as';

/** 100,000 letters of about 1 KiB are 100 MiB: more than that are counted, and shown once earlier ones are settled and the gateway starts anew. */
const lettersMax = 100_000;

/** Every dead letter that nobody has replayed or dropped yet. A settlement is a record on the same topic, so that every gateway knows it. */
@Injectable()
export class DeadLetters {
  private readonly open = new Map<string, IncomingMessage>();
  private readonly settledBefore = new Set<string>();
  notShown = 0;

  apply(incoming: IncomingMessage): void {
    const settles = incoming.headers[settlesHeader];
    if (settles !== undefined) {
      // Letter and settlement may lie in different partitions: either may come first.
      if (!this.open.delete(settles)) this.settledBefore.add(settles);
      return;
    }
    const id = idOf(incoming);
    if (this.settledBefore.delete(id)) return;
    if (this.open.size < lettersMax) this.open.set(id, incoming);
    else this.notShown += 1;
  }

  list(): DeadLetter[] {
    return [...this.open].map(([id, { headers, key }]) => ({
      id,
      topic: headers['dead-topic'] ?? '',
      account: key.split('|')[0] ?? '',
      type: headers['ce_type'] ?? '',
      group: headers['dead-group'] ?? '',
      stage: headers['dead-stage'] ?? '',
      reason: headers['dead-reason'] ?? '',
      at: headers['dead-at'] ?? '',
    }));
  }

  find(id: string): IncomingMessage | undefined {
    return this.open.get(id);
  }

  get size(): number {
    return this.open.size;
  }
}

/** Short enough to type, and the same in every gateway: noun, partition and offset of the dead letter's own record. */
const idOf = ({ topic, partition, offset }: IncomingMessage): string => `${topic.replace(/^kwota\./, '').replace(/\.v1\.dead$/, '')}-${partition}-${offset}`;
