import { findCallbackAttempts } from '@kwota/contracts/dlr.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { MessagesRepository } from '../messages.repository.js';
import type { ReplyOf, RequestOf } from '../requests.js';
import { CallbackQueueRepository, callbackState, type CallbackState } from '../send-callbacks/callback-queue.repository.js';

const shownStates = {
  [callbackState.waiting]: 'waiting',
  [callbackState.taken]: 'waiting',
  [callbackState.delivered]: 'delivered',
  [callbackState.superseded]: 'superseded',
  [callbackState.dead]: 'dead',
} as const satisfies Record<CallbackState, string>;

@Controller()
export class FindCallbackAttemptsOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly messages: MessagesRepository,
    private readonly queue: CallbackQueueRepository,
  ) {}

  /** Nothing where the message is not the account's. */
  @OnRequest(findCallbackAttempts)
  async find(@Payload() { account, messageId }: RequestOf<typeof findCallbackAttempts>): Promise<ReplyOf<typeof findCallbackAttempts>> {
    const callbacks = await this.database.read(async (manager) => {
      const message = await this.messages.find(manager, account, undefined, messageId);
      return message ? this.queue.ofMessage(manager, messageId) : [];
    });
    return {
      outcome: 'done',
      callbacks: callbacks.map(({ sequence, ptt, dlr, state }) => ({ sequence, ptt, dlr, state: shownStates[state] })),
      attempts: callbacks.flatMap(({ sequence, attempts }) =>
        attempts.map(([atMs, status, reason, latencyMs, address], index) => ({
          sequence,
          attempt: index + 1,
          atMs,
          status,
          reason,
          ...(latencyMs !== undefined && { latencyMs }),
          ...(address !== undefined && { address }),
        })),
      ),
    };
  }
}
