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
  /** How many are still being offered. */
  open = 0;
  private closed = false;

  constructor(private readonly messaging: Messaging) {}

  withdraw(submission: WithdrawSubmission): void {
    this.open += 1;
    void this.offer(submission).finally(() => (this.open -= 1));
  }

  close(): void {
    this.closed = true;
  }

  private async offer(submission: WithdrawSubmission): Promise<void> {
    const message = submissions.message(submission, { id: `withdraw-${submission.messageIds[0]}`, source: 'kwota/gateway' });
    while (!this.closed) {
      const taken = await this.messaging.publish([message]).then(
        () => true,
        () => false,
      );
      if (taken) return;
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
    }
  }
}
