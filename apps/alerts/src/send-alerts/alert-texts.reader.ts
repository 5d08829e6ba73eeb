import { showAccount } from '@kwota/contracts/ledger.requests.v1';
import type { AlertTemplates } from '@kwota/contracts/alerts.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { RequestClient, ServiceUnavailable } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { AlertsSettings } from '../alerts-settings.js';
import { templatesEntity, type AlertRow } from '../alerts.entities.js';
import { KnownUsersRepository } from '../known-users/known-users.repository.js';
import { cutForSms, defaultTemplates, fillTemplate, mentionsCreditsLeft, shownCredits, textsInUse } from '../set-templates/alert-texts.js';

/** What |CREDITSLEFT| says when the ledger does not answer: an alert that comes without it is better than one that waits for it. */
const notKnown = 'unknown';

/** The account's texts with this alert's values in them. */
@Injectable()
export class AlertTextsReader {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly knownUsers: KnownUsersRepository,
    private readonly requests: RequestClient,
    private readonly settings: AlertsSettings,
  ) {}

  async mailOf(alert: AlertRow): Promise<{ from: string; subject: string; text: string }> {
    const { templates, user } = await this.read(alert);
    const fill = await this.fillerFor(alert, user, [templates.emailSubject, templates.emailBody]);
    return { from: templates.emailFrom, subject: fill(templates.emailSubject), text: fill(templates.emailBody) };
  }

  async smsOf(alert: AlertRow): Promise<{ sender: string; text: string }> {
    const { templates, user, sender } = await this.read(alert);
    const fill = await this.fillerFor(alert, user, [templates.smsBody]);
    return { sender, text: cutForSms(fill(templates.smsBody)) };
  }

  private read(alert: AlertRow): Promise<{ templates: AlertTemplates; user: string; sender: string }> {
    const { account } = alert;
    return this.database.read(async (manager) => {
      const row = await manager.findOneBy(templatesEntity, { account });
      return {
        templates: textsInUse(row?.templates, defaultTemplates(this.settings.mailFrom)),
        user: await this.knownUsers.nameOf(manager, alert),
        sender: await this.knownUsers.senderOf(manager, account),
      };
    });
  }

  private async fillerFor(alert: AlertRow, user: string, templates: readonly string[]): Promise<(template: string) => string> {
    const values = {
      USER: user,
      REMAINING: shownCredits(alert.leftMilliCredits),
      ALERTTHRESHOLD: shownCredits(alert.levelMilliCredits),
      CREDITSLEFT: mentionsCreditsLeft(...templates) ? await this.creditsLeft(alert.account) : '',
    };
    return (template) => fillTemplate(template, values);
  }

  private async creditsLeft(account: string): Promise<string> {
    try {
      const reply = await this.requests.ask(showAccount, { account });
      return reply.outcome === 'done' ? shownCredits(reply.poolMilliCredits) : notKnown;
    } catch (error) {
      if (error instanceof ServiceUnavailable) return notKnown;
      throw error;
    }
  }
}
