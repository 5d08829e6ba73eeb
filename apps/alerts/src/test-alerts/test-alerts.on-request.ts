import { testAlert } from '@kwota/contracts/alerts.requests.v1';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { RecordNoticesHandler } from '../record-notices/record-notices.handler.js';

type TestRequest = Readonly<{ account: string; userId: string | null; testId: string }>;

@Controller()
export class TestAlertsOnRequest {
  constructor(private readonly notices: RecordNoticesHandler) {}

  /** Repeating it changes nothing. */
  @OnRequest(testAlert)
  async test(@Payload() { account, userId, testId }: TestRequest) {
    const media = await this.notices.test(account, userId, testId);
    return media.length === 0 ? { outcome: 'refused', code: 'nobody-is-told' } : { outcome: 'done', media };
  }
}
