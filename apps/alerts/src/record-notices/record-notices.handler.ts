import type { CallbackEndpointFailing, CallbackSwitchedOff } from '@kwota/contracts/delivery.v1';
import type { AlertRecipient } from '@kwota/contracts/alerts.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { normaliseNumber } from '@kwota/sms-text';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { accountItself, alertEntity, recipientEntity, type AlertMedium, type AlertRow } from '../alerts.entities.js';
import { AlertWorkers } from '../send-alerts/alert-workers.js';
import type { NoticeKind } from '../send-alerts/notice-texts.js';

export type CallbackNotice = CallbackEndpointFailing | CallbackSwitchedOff;

/** What owners are told of beside credit: callback URLs that fail, and tests of their alerts. Each is a row once, however often it comes. */
@Injectable()
export class RecordNoticesHandler {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly workers: AlertWorkers,
  ) {}

  /** By mail to whom alerts of the user go, else to whom the account's go. */
  async record(notices: readonly CallbackNotice[], nowMs = Date.now()): Promise<void> {
    await this.database.transaction(async (manager) => {
      for (const notice of notices) {
        const { account, userId } = notice;
        const recipient = (await this.recipientOf(manager, account, userId)) ?? (await this.recipientOf(manager, account, null));
        if (!recipient?.alertEmail) continue;
        const kind = notice.type === 'CallbackEndpointFailing' ? 'callback-failing' : 'callback-off';
        await this.add(manager, { id: idOf(notice), kind, account, userId, medium: 'mail', address: recipient.alertEmail, level: 'percent' in notice ? notice.percent : 100, nowMs });
      }
    });
    this.workers.wake();
  }

  /** One of each medium that the recipient has; which they are. The SMS is charged to the pool like any alert. */
  async test(account: string, userId: string | null, testId: string, nowMs = Date.now()): Promise<AlertMedium[]> {
    const media = await this.database.transaction(async (manager) => {
      const recipient = await this.recipientOf(manager, account, userId);
      const addressed = recipient ? addressesOf(recipient) : [];
      for (const { medium, address } of addressed) await this.add(manager, { id: `test.${testId}`, kind: 'test', account, userId, medium, address, level: 0, nowMs });
      return addressed.map(({ medium }) => medium);
    });
    this.workers.wake();
    return media;
  }

  private recipientOf(manager: EntityManager, account: string, userId: string | null) {
    return manager.findOneBy(recipientEntity, { account, userId: userId ?? accountItself });
  }

  private async add(
    manager: EntityManager,
    notice: Readonly<{ id: string; kind: NoticeKind; account: string; userId: string | null; medium: AlertMedium; address: string; level: number; nowMs: number }>,
  ): Promise<void> {
    const { id, kind, account, userId, medium, address, level, nowMs } = notice;
    if (await manager.existsBy(alertEntity, { crossingId: id, medium })) return;
    const row: AlertRow = {
      crossingId: id,
      kind,
      medium,
      account,
      userId: userId ?? accountItself,
      address,
      levelMilliCredits: level,
      leftMilliCredits: 0,
      state: 'waiting',
      createdAtMs: nowMs,
      dueAtMs: nowMs,
      attempts: 0,
      endedAtMs: null,
      submission: null,
    };
    await manager.insert(alertEntity, row);
  }
}

/** As a crossing is told of. */
const addressesOf = ({ alertEmail, alertNumber, support }: AlertRecipient): { medium: AlertMedium; address: string }[] => [
  ...(support !== 'sms' && alertEmail !== '' ? [{ medium: 'mail' as const, address: alertEmail }] : []),
  ...(support !== 'mail' && alertNumber !== '' ? [{ medium: 'sms' as const, address: normaliseNumber(alertNumber) ?? alertNumber }] : []),
];

/** The same event read again is the same notice. */
const idOf = (notice: CallbackNotice): string => {
  const what = notice.type === 'CallbackEndpointFailing' ? `${notice.failingSinceMs}.${notice.percent}` : `off.${notice.atMs}`;
  return `callback.${notice.account}.${notice.userId ?? ''}.${what}`;
};
