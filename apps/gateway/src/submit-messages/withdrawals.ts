import { submissions, type WithdrawSubmission } from '@kwota/contracts/submissions.v1';
import { Messaging } from '@kwota/messaging';
import { Injectable } from '@nestjs/common';

const retryDelayMs = 250;

/**
 * Whoever was told 503 must not be charged: behind the submission goes a withdrawal with the same ids on the same key, offered until the
 * log takes it (DESIGN §3.3). If this process dies before that, the charge stays; the runbook says so.
 */
@Injectable()
export class Withdrawals {
  private readonly offers = new Set<Promise<void>>();

  constructor(private readonly messaging: Messaging) {}

  withdraw(submission: WithdrawSubmission): void {
    const offered = this.offer(submission).finally(() => this.offers.delete(offered));
    this.offers.add(offered);
  }

  /** How many are still being offered. */
  get open(): number {
    return this.offers.size;
  }

  /** Resolves when the log has taken all of them; whoever stops the process bounds the wait (KWOTA_SHUTDOWN_GRACE_MS). */
  async close(): Promise<void> {
    // Whoever was told only now that no answer comes withdraws within this turn.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.offers.size > 0) await Promise.all(this.offers);
  }

  private async offer(submission: WithdrawSubmission): Promise<void> {
    const message = submissions.message(submission, { id: `withdraw-${submission.messageIds[0]}`, source: 'kwota/gateway' });
    for (;;) {
      const taken = await this.messaging.publish([message]).then(
        () => true,
        () => false,
      );
      if (taken) return;
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
    }
  }
}
