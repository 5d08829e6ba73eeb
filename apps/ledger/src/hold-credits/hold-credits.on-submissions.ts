import { submissions, type Submission } from '@kwota/contracts/submissions.v1';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { HoldCreditsHandler } from './hold-credits.handler.js';

@Controller()
export class HoldCreditsOnSubmissions {
  constructor(private readonly holdCredits: HoldCreditsHandler) {}

  @OnMessages(submissions, { beforeDurable: true })
  handle(@Payload() batch: readonly Received<Submission>[]): Promise<void> {
    return this.holdCredits.handle(batch);
  }
}
