import { leaseMessageIds } from '@kwota/contracts/users.requests.v1';
import { LeasedMessageIds } from '@kwota/service-kit/leased-message-ids';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';

@Injectable()
export class MessageIds extends LeasedMessageIds {
  constructor(requests: RequestClient) {
    super(() => requests.ask(leaseMessageIds, { instanceId: requests.instanceId }));
  }
}
