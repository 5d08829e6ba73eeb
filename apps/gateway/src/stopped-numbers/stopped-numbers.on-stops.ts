import { stops, type NumberStopped } from '@kwota/contracts/stops.v1';
import { OnBroadcast, type ReceivedOrTombstone } from '@kwota/service-kit/messaging-strategy';
import { StopList } from '@kwota/service-kit/stop-list';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';

@Controller()
export class StoppedNumbersOnStops {
  constructor(private readonly list: StopList) {}

  @OnBroadcast(stops)
  handle(@Payload() batch: readonly ReceivedOrTombstone<NumberStopped>[]): void {
    for (const { message, incoming } of batch) this.list.apply(incoming.key, message !== undefined);
  }
}
