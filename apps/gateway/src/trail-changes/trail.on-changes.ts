import { changes, type ChangeEvent } from '@kwota/contracts/changes.v1';
import { OnBroadcast, type ReceivedOrTombstone } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { Trail } from './trail.projection.js';

@Controller()
export class TrailOnChanges {
  constructor(private readonly trail: Trail) {}

  @OnBroadcast(changes)
  handle(@Payload() batch: readonly ReceivedOrTombstone<ChangeEvent>[]): void {
    for (const { message } of batch) if (message) this.trail.apply(message);
  }
}
