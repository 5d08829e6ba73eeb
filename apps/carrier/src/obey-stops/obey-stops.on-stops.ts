import { stops, type NumberStopped } from '@kwota/contracts/stops.v1';
import { OnBroadcast, type ReceivedOrTombstone } from '@kwota/service-kit/messaging-strategy';
import { StopList } from '@kwota/service-kit/stop-list';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { StopPartsHandler } from './stop-parts.handler.js';

/** Every carrier knows all stop lists. */
@Controller()
export class ObeyStopsOnStops {
  constructor(
    private readonly list: StopList,
    private readonly parts: StopPartsHandler,
  ) {}

  /** @throws TransientFailure when the store is out of reach: they come again. */
  @OnBroadcast(stops)
  async handle(@Payload() batch: readonly ReceivedOrTombstone<NumberStopped>[]): Promise<void> {
    const longer = new Set(batch.map(({ message, incoming }) => this.list.apply(incoming.key, message !== undefined)));
    longer.delete(undefined);
    await this.parts.stop([...longer] as string[]);
  }
}
