import { operations, type CodeUnrecognised, type OperationsEvent } from '@kwota/contracts/operations.v1';
import { Outbox } from '@kwota/service-kit/outbox';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { PartReport } from '../part-receipts.publisher.js';

/** A code that every receipt of a day bears is told once in this time. */
const quietMs = 60 * 60 * 1_000;
/** More codes than an SMSC invents; what is over it is told again sooner. */
const codesKeptMax = 10_000;
/** Whatever an SMSC puts into its receipts. */
const charactersMax = 64;

/** What operators are to know, in the words of kwota.operations.v1, put in the outbox in the transaction of its cause. */
@Injectable()
export class OperationsPublisher {
  private readonly toldAtMs = new Map<string, number>();

  constructor(private readonly outbox: Outbox) {}

  async tell(manager: EntityManager, events: readonly OperationsEvent[]): Promise<void> {
    await this.outbox.add(manager, events.map((event) => operations.message(event, { id: randomUUID(), source: 'kwota/carrier' })));
  }

  /** Codes that are not known here and were not told within the hour. How many there were; once it is committed, `codesTold` keeps them. */
  async tellCodes(manager: EntityManager, reports: readonly PartReport[]): Promise<readonly CodeUnrecognised[]> {
    const fresh = new Map<string, CodeUnrecognised>();
    for (const { stage, outcome, raw, atMs } of reports) {
      if (outcome.recognised || (stage !== 'refused' && stage !== 'receipt')) continue;
      const { connector, commandStatus, messageState } = raw;
      const [stat, err] = [raw.stat, raw.err].map((text) => text?.slice(0, charactersMax));
      const said = { ...(commandStatus !== undefined && { commandStatus }), ...(stat !== undefined && { stat }), ...(err !== undefined && { err }) };
      const event = { type: 'CodeUnrecognised', connector, stage, ...said, ...(messageState !== undefined && { messageState }), atMs } as const;
      if (atMs - (this.toldAtMs.get(codeOf(event)) ?? -Infinity) >= quietMs) fresh.set(codeOf(event), event);
    }
    if (fresh.size > 0) await this.tell(manager, [...fresh.values()]);
    return [...fresh.values()];
  }

  /** After the commit. */
  codesTold(events: readonly CodeUnrecognised[]): void {
    if (this.toldAtMs.size > codesKeptMax) this.toldAtMs.clear();
    for (const event of events) this.toldAtMs.set(codeOf(event), event.atMs);
  }

  /** After the commit. */
  relay(): void {
    this.outbox.relay();
  }
}

const codeOf = ({ connector, stage, commandStatus, stat, err, messageState }: CodeUnrecognised): string =>
  JSON.stringify([connector, stage, commandStatus, stat, err, messageState]);
