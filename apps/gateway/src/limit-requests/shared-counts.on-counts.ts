import { counts, type Counted } from '@kwota/contracts/counts.v1';
import { OnBroadcast, type ReceivedOrTombstone } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { SharedCounts } from './shared-counts.js';

@Controller()
export class SharedCountsOnCounts {
  constructor(private readonly shared: SharedCounts) {}

  @OnBroadcast(counts)
  handle(@Payload() batch: readonly ReceivedOrTombstone<Counted>[]): void {
    for (const { message } of batch) if (message) this.shared.hear(message);
  }
}
