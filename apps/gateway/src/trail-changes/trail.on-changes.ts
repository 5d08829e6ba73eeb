import { changes, type ChangeEvent } from '@kwota/contracts/changes.v1';
import { OnBroadcast, type ReceivedOrTombstone } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ChangesMadeHere } from '../known-users/changes-made-here.js';
import { noAccount } from './trail-changes.interceptor.js';
import { Trail } from './trail.projection.js';

@Controller()
export class TrailOnChanges {
  constructor(
    private readonly trail: Trail,
    private readonly changes: ChangesMadeHere,
  ) {}

  @OnBroadcast(changes)
  handle(@Payload() batch: readonly ReceivedOrTombstone<ChangeEvent>[]): void {
    for (const { message } of batch) if (message) this.trail.apply(message);
    // Owners, keys, clients and operators belong to no account: what another gateway changed of them holds here too.
    if (batch.some(({ message }) => message?.type === 'ChangeEnded' && message.account === noAccount)) this.changes.tell({ kind: 'access-changed' });
  }
}
