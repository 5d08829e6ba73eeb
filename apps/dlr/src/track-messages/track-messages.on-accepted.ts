import { accepted, type Accepted, type AcceptedSubmission, type WithdrawnSubmission } from '@kwota/contracts/accepted.v1';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { TrackMessagesHandler } from './track-messages.handler.js';

@Controller()
export class TrackMessagesOnAccepted {
  constructor(private readonly messages: TrackMessagesHandler) {}

  @OnMessages(accepted)
  async take(@Payload() batch: readonly Received<Accepted>[]): Promise<void> {
    const all = batch.map(({ message }) => message);
    // A withdrawal follows its submission on the same key, so all submissions may go first.
    await this.messages.take({
      submissions: all.filter((message): message is AcceptedSubmission => message.kind === 'accepted'),
      withdrawals: all.filter((message): message is WithdrawnSubmission => message.kind === 'withdrawn'),
    });
  }
}
