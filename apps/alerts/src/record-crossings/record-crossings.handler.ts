import type { ThresholdCrossed } from '@kwota/contracts/credit.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { Injectable } from '@nestjs/common';
import { AlertRecorder } from '../record-alerts/alert-recorder.js';

@Injectable()
export class RecordCrossingsHandler {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly alerts: AlertRecorder,
  ) {}

  /** Makes each medium of each crossing a row, once, however often the crossing comes: the workers send them. */
  async record(crossings: readonly ThresholdCrossed[], nowMs = Date.now()): Promise<void> {
    const added = await this.database.transaction(async (manager) => {
      let rows = 0;
      for (const { crossingId: id, account, userId, levelMilliCredits, leftMilliCredits, causedBy } of crossings) {
        // One that an alert's own SMS caused is told by mail alone, or alerts would feed themselves (OVH.md 9).
        const alert = { id, about: { kind: 'threshold' }, account, userId, levelMilliCredits, leftMilliCredits, bySms: causedBy !== 'alert' } as const;
        rows += await this.alerts.toRecipient(manager, alert, nowMs);
      }
      return rows;
    });
    if (added > 0) this.alerts.wake();
  }
}
