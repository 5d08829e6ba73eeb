import { incoming, type MessageFromPhone } from '@kwota/contracts/incoming.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Metrics } from '@kwota/service-kit/metrics';
import { Outbox } from '@kwota/service-kit/outbox';
import type { EntityManager } from 'typeorm';
import { AnswerIncomingWorker } from '../answer-incoming/answer-incoming.worker.js';
import { cgiUrl, stopCallBackUrl } from '../answer-incoming/incoming-urls.js';
import { IncomingCallsRepository } from '../answer-incoming/incoming-calls.repository.js';
import { SmsResponsesRepository } from '../answer-incoming/sms-responses.repository.js';
import { CallbackSettingsRepository } from '../set-callbacks/callback-settings.repository.js';
import { StopNumbersRepository } from '../stop-numbers/stop-numbers.repository.js';
import { IncomingRepository } from './incoming.repository.js';
import { isStopWord } from './stop-word.js';

/** OVH.md 4: answers are taken for 48 hours; a STOP, for as long as there is a message that it can mean. */
const answersWithinMs = 48 * 60 * 60 * 1_000;

export class TakeIncomingHandler {
  private readonly unmatched;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly incoming: IncomingRepository,
    private readonly stops: StopNumbersRepository,
    private readonly responses: SmsResponsesRepository,
    private readonly settings: CallbackSettingsRepository,
    private readonly calls: IncomingCallsRepository,
    private readonly worker: AnswerIncomingWorker,
    private readonly outbox: Outbox,
    private readonly timeZone: string,
    metrics: Metrics,
  ) {
    this.unmatched = metrics.counter('kwota_dlr_incoming_unmatched_total', 'Messages from phones that answer nobody: kept for no account');
  }

  /** A batch may come twice. First each finds its account and goes to whoever has that one's settings, then it is taken there. */
  async take(batch: readonly MessageFromPhone[]): Promise<void> {
    const unmatched = await this.database.transaction(async (manager) => {
      let count = 0;
      for (const message of batch) {
        if (message.account !== null) await this.keep(manager, message, message.account);
        else if (!(await this.route(manager, message))) count += 1;
      }
      return count;
    });
    if (unmatched > 0) this.unmatched.inc({}, unmatched);
    this.outbox.relay();
    this.worker.wake();
  }

  /** False: it answers nobody, and is kept for none. */
  private async route(manager: EntityManager, message: MessageFromPhone): Promise<boolean> {
    const sinceMs = isStop(message) ? 0 : message.receivedAtMs - answersWithinMs;
    const answered = await this.incoming.answered(manager, message, sinceMs);
    if (!answered) {
      await this.incoming.add(manager, message);
      return false;
    }
    await this.outbox.add(manager, [incoming.message({ ...message, ...answered }, { id: message.incomingId, source: 'kwota/dlr' })]);
    return true;
  }

  private async keep(manager: EntityManager, message: MessageFromPhone, account: string): Promise<void> {
    if (!(await this.incoming.add(manager, message))) return;
    if (isStop(message)) return this.stop(manager, message, account);
    const response = await this.responses.of(manager, account);
    const nowMs = Date.now();
    if (response.responseType === 'cgi' && response.cgiUrl !== null)
      await this.calls.add(manager, { kind: 'url', account, target: cgiUrl(response.cgiUrl, message, await this.incoming.tagOf(manager, account, message.incomingId), this.timeZone), nowMs });
    if (response.responseType === 'text' && response.text !== null)
      await this.calls.add(manager, { kind: 'answer', account, target: JSON.stringify({ receiver: message.phone, sender: message.to, text: response.text }), nowMs });
  }

  private async stop(manager: EntityManager, message: MessageFromPhone, account: string): Promise<void> {
    const { phone, messageId, receivedAtMs, userId } = message;
    await this.stops.add(manager, { account, number: phone, sinceMs: receivedAtMs, messageId });
    const url = this.settings.of({ account, userId }).stopCallBack ?? this.settings.of({ account, userId: null }).stopCallBack;
    if (url !== null) await this.calls.add(manager, { kind: 'url', account, target: stopCallBackUrl(url, message, this.timeZone), nowMs: Date.now() });
  }
}

/** A word that is left of a longer message is none. */
const isStop = ({ text, partsMissing }: MessageFromPhone): boolean => partsMissing === undefined && isStopWord(text);
