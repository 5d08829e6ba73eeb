import type { AlertTemplates } from '@kwota/contracts/alerts.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { Injectable } from '@nestjs/common';
import { AlertsSettings } from '../alerts-settings.js';
import { accountItself, noAccount, templatesEntity, type AlertAbout, type AlertRow } from '../alerts.entities.js';
import { CreditClient } from '../ask-ledger/credit.client.js';
import { KnownUsersRepository } from '../known-users/known-users.repository.js';
import { defaultTemplates, fillTemplate, fitSms, mentionsCreditsLeft, shownCredits, textsInUse, type AlertValues } from '../set-templates/alert-texts.js';
import { defaultTexts, type DefaultTexts } from '../set-templates/default-texts.js';

/** What a number says when the ledger does not answer: an alert that comes without it is better than one that waits for it. */
const notKnown = 'unknown';
/** Before a test's own text, in a subject and in an SMS. */
const testMark = 'TEST';
const dayMs = 24 * 60 * 60 * 1_000;

type MailText = { from: string; subject: string; text: string };

/** What an alert says: the account's texts with this alert's values in them, or the installation's. */
@Injectable()
export class AlertTextsReader {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly knownUsers: KnownUsersRepository,
    private readonly credit: CreditClient,
    private readonly settings: AlertsSettings,
  ) {}

  async mailOf(alert: AlertRow): Promise<MailText> {
    const about = aboutOf(alert);
    if (about.kind !== 'threshold' && about.kind !== 'test') return { from: this.settings.mailFrom, ...(await this.noticeOf(alert, about)) };
    const { templates, user } = await this.read(alert);
    const { emailFrom: from, emailSubject, emailBody } = templates;
    const values = await this.valuesOf(alert, [emailSubject, emailBody]);
    const [subject, text] = [emailSubject, emailBody].map((template) => fillTemplate(template, { ...values, USER: user })) as [string, string];
    return about.kind === 'test' ? { from, subject: `[${testMark}] ${subject}`, text: `${this.texts.testNote}\n\n${text}` } : { from, subject, text };
  }

  async smsOf(alert: AlertRow): Promise<{ sender: string; text: string }> {
    const about = aboutOf(alert);
    const { templates, user, sender } = await this.read(alert);
    if (about.kind === 'forecast') return { sender, text: fitSms((name) => this.texts.forecast(forecastValues(alert, about, name)).sms, user) };
    const values = await this.valuesOf(alert, [templates.smsBody]);
    const mark = about.kind === 'test' ? `${testMark} ` : '';
    return { sender, text: fitSms((name) => mark + fillTemplate(templates.smsBody, { ...values, USER: name }), user) };
  }

  private get texts(): DefaultTexts {
    return defaultTexts[this.settings.language];
  }

  private async noticeOf(alert: AlertRow, about: Exclude<AlertAbout, { kind: 'threshold' | 'test' }>): Promise<{ subject: string; text: string }> {
    switch (about.kind) {
      case 'forecast': {
        const { user } = await this.read(alert);
        const { subject, text } = this.texts.forecast(forecastValues(alert, about, user));
        return { subject, text };
      }
      case 'endpoint-failing':
        return this.texts.endpointFailing({ ...about, name: await this.nameFor(alert, about), since: shownTime(about.failingSinceMs) });
      case 'endpoint-off':
        return this.texts.endpointOff({ ...about, name: await this.nameFor(alert, about) });
      case 'connector-down':
        return this.texts.connectorDown({ ...about, since: shownTime(about.downSinceMs) });
      case 'code-unknown':
        return this.texts.codeUnknown(about);
    }
  }

  /** The owner knows whose account it is; the operator has many. */
  private async nameFor(alert: AlertRow, { account, userId }: { account: string; userId: string | null }): Promise<string> {
    const name = await this.database.read((manager) => this.knownUsers.nameOf(manager, { account, userId: userId ?? accountItself }));
    return alert.account === noAccount && name !== account ? `${account} ${name}` : name;
  }

  private read(alert: AlertRow): Promise<{ templates: AlertTemplates; user: string; sender: string }> {
    const { account } = alert;
    return this.database.read(async (manager) => {
      const row = await manager.findOneBy(templatesEntity, { account });
      return {
        templates: textsInUse(row?.templates, defaultTemplates(this.settings.mailFrom, this.settings.language)),
        user: await this.knownUsers.nameOf(manager, alert),
        sender: await this.knownUsers.senderOf(manager, account),
      };
    });
  }

  /** A crossing's numbers are its own; a test tells what is now. */
  private async valuesOf(alert: AlertRow, templates: readonly string[]): Promise<Omit<AlertValues, 'USER'>> {
    const { account, userId } = alert;
    const isTest = alert.kind === 'test';
    const asked = [...(isTest ? [userId] : []), ...(mentionsCreditsLeft(...templates) ? [accountItself] : [])];
    const credit = asked.length > 0 ? await this.credit.find(account, [...new Set(asked)]) : undefined;
    const left = isTest ? credit?.get(userId)?.leftMilliCredits : alert.leftMilliCredits;
    const level = isTest ? credit?.get(userId)?.thresholdMilliCredits : alert.levelMilliCredits;
    const pool = credit?.get(accountItself)?.leftMilliCredits;
    return { REMAINING: shownOr(left), ALERTTHRESHOLD: isTest && level === null ? '-' : shownOr(level), CREDITSLEFT: shownOr(pool) };
  }
}

const aboutOf = ({ about }: AlertRow): AlertAbout => about ?? { kind: 'threshold' };

const shownOr = (milliCredits: number | null | undefined): string => (milliCredits == null ? notKnown : shownCredits(milliCredits));

const forecastValues = ({ leftMilliCredits, createdAtMs }: AlertRow, { runsOutAtMs }: { runsOutAtMs: number }, user: string) => ({
  user,
  left: shownCredits(leftMilliCredits),
  days: Math.max(1, Math.round((runsOutAtMs - createdAtMs) / dayMs)),
});

/** `2026-11-23 12:00 UTC`. */
const shownTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
