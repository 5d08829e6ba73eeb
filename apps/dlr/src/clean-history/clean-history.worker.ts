import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { Rounds } from '@kwota/service-kit/rounds';
import type { EntityManager } from 'typeorm';
import { IncomingCallsRepository } from '../answer-incoming/incoming-calls.repository.js';
import { MessagesRepository } from '../messages.repository.js';
import { IncomingRepository } from '../take-incoming/incoming.repository.js';
import { EraseHistoryRepository } from './erase-history.repository.js';

const intervalMs = 60 * 60 * 1_000;
const dayMs = 24 * 60 * 60 * 1_000;
/** What was not ended when the walk came by is looked at again after so many looks: a day. */
const looksUntilAnew = 24;
/** As long as topics are kept: after it no message can come for a receipt. */
const earlyReceiptsKeptMs = 14 * dayMs;
/** Longer than the attempts of a call last. */
const callsKeptMs = 14 * dayMs;
/** In one transaction, so that nobody waits for long. */
const rowsMax = 500;

/** Days; texts and attempts are kept no longer than their rows. */
export type KeptDays = Readonly<{ historyKeptDays: number; textsKeptDays: number; attemptsKeptDays: number }>;

export class CleanHistoryWorker {
  private readonly rounds: Rounds;
  /** The last message whose texts, and whose attempts, are erased: the next look goes on behind it. */
  private readonly erasedTo = { texts: 0, attempts: 0 };
  private looks = 0;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly messages: MessagesRepository,
    private readonly erasing: EraseHistoryRepository,
    private readonly incoming: IncomingRepository,
    private readonly calls: IncomingCallsRepository,
    private readonly kept: KeptDays,
    log: Logger,
  ) {
    this.rounds = new Rounds(log, 'the history could not be cleaned');
  }

  start(): void {
    this.rounds.every(intervalMs, () => this.clean(Date.now()));
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  async clean(nowMs: number): Promise<void> {
    const { historyKeptDays, textsKeptDays, attemptsKeptDays } = this.kept;
    await this.database.transaction((manager) => this.messages.forgetEarly(manager, nowMs - earlyReceiptsKeptMs));
    for (let forgotten = rowsMax; forgotten === rowsMax && !this.rounds.isStopped; )
      forgotten = await this.database.transaction((manager) => this.messages.forget(manager, nowMs - historyKeptDays * dayMs, rowsMax));
    // A message from a phone is nothing but its text and number.
    const incomingBeforeMs = nowMs - Math.min(historyKeptDays, textsKeptDays) * dayMs;
    for (let forgotten = rowsMax; forgotten === rowsMax && !this.rounds.isStopped; )
      forgotten = await this.database.transaction((manager) => this.incoming.forget(manager, incomingBeforeMs, rowsMax));
    await this.database.transaction((manager) => this.calls.forget(manager, nowMs - callsKeptMs));
    this.looks += 1;
    if (this.looks % looksUntilAnew === 0) Object.assign(this.erasedTo, { texts: 0, attempts: 0 });
    await this.erase('texts', (manager, after) => this.erasing.eraseTexts(manager, after, nowMs - textsKeptDays * dayMs, rowsMax));
    await this.erase('attempts', (manager, after) => this.erasing.eraseAttempts(manager, after, nowMs - attemptsKeptDays * dayMs, rowsMax));
  }

  private async erase(what: 'texts' | 'attempts', work: (manager: EntityManager, after: number) => Promise<{ last: number; isMore: boolean }>): Promise<void> {
    for (let isMore = true; isMore && !this.rounds.isStopped; ) {
      const page = await this.database.transaction((manager) => work(manager, this.erasedTo[what]));
      this.erasedTo[what] = page.last;
      isMore = page.isMore;
    }
  }
}
