import { Injectable } from '@nestjs/common';
import type { AlertRow } from '../alerts.entities.js';
import type { AlertSender, AttemptEnd } from './alert-sender.js';
import { AlertTextsReader } from './alert-texts.reader.js';
import { messageIdOf } from './compose-mail.js';
import { MailFailed, Mailer } from './mailer.js';

@Injectable()
export class MailAlertSender implements AlertSender {
  constructor(
    private readonly texts: AlertTextsReader,
    private readonly mailer: Mailer,
  ) {}

  async send(alert: AlertRow): Promise<AttemptEnd> {
    const mail = await this.texts.mailOf(alert);
    try {
      await this.mailer.send({ ...mail, to: alert.address, messageId: messageIdOf(alert.crossingId) });
      return { outcome: 'sent' };
    } catch (error) {
      if (!(error instanceof MailFailed)) throw error;
      return { outcome: error.mayPass ? 'retry' : 'failed', reason: error.reason };
    }
  }
}
