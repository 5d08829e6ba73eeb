import { cancelMessage } from '@kwota/contracts/carrier.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { GatewaySettings } from '../edge/gateway-settings.js';
import { ReadMessagesClient } from '../read-messages/read-messages.client.js';
import { badRequest, objectUnknown } from '../v6/ovh-error.js';

const lookAgainMs = 50;

/** Stops a message that is not sent yet. */
@Injectable()
export class CancelJobsClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly messages: ReadMessagesClient,
    private readonly settings: GatewaySettings,
  ) {}

  /** `userId` undefined: of the whole account. A message that the carrier has not read yet is asked for again until the deadline passes. */
  async cancel(account: string, userId: string | undefined, id: string): Promise<void> {
    const { messageId, final } = await this.messages.find(account, userId, id);
    const untilMs = performance.now() + this.settings.sendDeadlineMs;
    for (;;) {
      const reply = final ? ({ outcome: 'refused', code: 'message-sent' } as const) : await this.requests.ask(cancelMessage, { account, messageId });
      if (reply.outcome === 'done') return;
      if (reply.code === 'message-sent') throw badRequest('The message is sent already, or has ended');
      if (performance.now() > untilMs) throw objectUnknown();
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
  }
}
