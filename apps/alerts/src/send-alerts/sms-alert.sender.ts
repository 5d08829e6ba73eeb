import { readJson } from '@kwota/contracts/define-topic';
import { submissionReplySchema, submissions, type SendRefusal, type SendSubmission } from '@kwota/contracts/submissions.v1';
import { PublishFailed, RequestTimedOut } from '@kwota/messaging/failures';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { RequestClient, ServiceUnavailable } from '@kwota/service-kit/request-client';
import { measureText, normaliseNumber } from '@kwota/sms-text';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { AlertsSettings } from '../alerts-settings.js';
import { alertEntity, type AlertRow } from '../alerts.entities.js';
import type { AlertSender, AttemptEnd } from './alert-sender.js';
import { AlertTextsReader } from './alert-texts.reader.js';
import { MessageIds } from './message-ids.js';
import { giveUpAfterMs } from './retry-schedule.js';

const withoutCredit: ReadonlySet<SendRefusal> = new Set(['credit-too-low', 'quota-too-low']);

/** A test that the ledger reads later than that is not sent any more: nobody waits for it. */
const testWithinMs = 60 * 1_000;

class ClaimRanOut extends Error {
  override readonly name = 'ClaimRanOut';
}

/** An alert's SMS is a submission like any other, paid from the account's pool. */
@Injectable()
export class SmsAlertSender implements AlertSender {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly texts: AlertTextsReader,
    private readonly messageIds: MessageIds,
    private readonly requests: RequestClient,
    private readonly settings: AlertsSettings,
  ) {}

  /** The submission is recorded before it is published; an attempt without an answer publishes it again, and the ledger repeats its outcome. */
  async send(alert: AlertRow): Promise<AttemptEnd> {
    const receiver = normaliseNumber(alert.address);
    if (!receiver) return { outcome: 'failed', reason: 'number-not-valid' };
    try {
      return await this.submit(alert.submission ?? (await this.recordSubmission(alert, receiver)));
    } catch (error) {
      if (error instanceof RequestTimedOut || error instanceof PublishFailed || error instanceof ServiceUnavailable) {
        return { outcome: 'retry', reason: error.name };
      }
      throw error;
    }
  }

  private async recordSubmission(alert: AlertRow, receiver: string): Promise<SendSubmission> {
    const { account, crossingId, medium, dueAtMs } = alert;
    const { sender, text } = await this.texts.smsOf(alert);
    const { coding, parts } = measureText(text);
    const submission: SendSubmission = {
      kind: 'send',
      account,
      userId: null,
      messageIds: [await this.messageIds.take()],
      receivers: [receiver],
      sender,
      text,
      coding,
      parts,
      noStop: true,
      source: 'alert',
      crossingId,
      submittedAtMs: Date.now(),
      deadlineMs: alert.createdAtMs + (alert.kind === 'test' ? testWithinMs : giveUpAfterMs),
    };
    const claim = { crossingId, medium, dueAtMs, state: 'waiting' } as const;
    const { affected } = await this.database.transaction((manager) => manager.update(alertEntity, claim, { submission }));
    if (affected !== 1) throw new ClaimRanOut('another instance sends it under an id of its own');
    return submission;
  }

  private async submit(submission: SendSubmission): Promise<AttemptEnd> {
    const outgoing = submissions.message(submission, { id: String(submission.messageIds[0]), source: 'kwota/alerts' });
    const reply = await this.requests.raw.request(outgoing, randomUUID(), this.settings.sendDeadlineMs);
    const read = readJson(submissionReplySchema, reply.value ?? 'null');
    if ('violation' in read) return { outcome: 'retry', reason: 'reply-not-of-contract' };
    switch (read.message.outcome) {
      case 'accepted':
        return { outcome: 'sent' };
      case 'failed':
        return { outcome: 'retry', reason: 'ledger-failed' };
      case 'refused':
        return { outcome: withoutCredit.has(read.message.code) ? 'no-credit' : 'failed', reason: read.message.code };
    }
  }
}
