import { claimCall, endCall } from '@kwota/contracts/calls.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { randomBytes } from 'node:crypto';
import { LessThan } from 'typeorm';
import type { ReplyOf, RequestOf } from '../requests.js';
import { callEntity } from '../users.entities.js';

/** As the ledger keeps the keys of messages (OVH.md 9). */
export const callsKeptMs = 24 * 60 * 60 * 1_000;
/** Longer than any call waits for its services: who has not ended it by then is dead, and it may run again. */
export const runsForMsMax = 60_000;

/** Calls that carry an idempotency key: the first one runs, a repeat gets its answer. Keys, bodies and answers are here as digests and sealed. */
@Controller()
export class KeepCallsOnRequest {
  constructor(private readonly database: ServiceDatabase) {}

  @OnRequest(claimCall)
  claim(@Payload() { callId, bodyDigest, attemptId }: RequestOf<typeof claimCall>): Promise<ReplyOf<typeof claimCall>> {
    return this.database.transaction(async (manager) => {
      const nowMs = Date.now();
      await manager.delete(callEntity, { firstAtMs: LessThan(nowMs - callsKeptMs) });
      const known = await manager.findOneBy(callEntity, { callId });
      if (!known) {
        const seed = randomBytes(24).toString('base64url');
        await manager.insert(callEntity, { callId, bodyDigest, attemptId, seed, firstAtMs: nowMs, claimedAtMs: nowMs, sealedAnswer: null });
        return { outcome: 'done', seed, sealedAnswer: null };
      }
      const { seed, sealedAnswer } = known;
      if (known.bodyDigest !== bodyDigest) return { outcome: 'refused', code: 'conflict' };
      const isFree = known.attemptId === null || known.attemptId === attemptId || nowMs - known.claimedAtMs > runsForMsMax;
      if (sealedAnswer === null && !isFree) return { outcome: 'refused', code: 'under-way' };
      if (sealedAnswer === null) await manager.update(callEntity, { callId }, { attemptId, claimedAtMs: nowMs });
      return { outcome: 'done', seed, sealedAnswer };
    });
  }

  @OnRequest(endCall)
  end(@Payload() { callId, attemptId, end, sealedAnswer }: RequestOf<typeof endCall>): Promise<ReplyOf<typeof endCall>> {
    return this.database.transaction(async (manager) => {
      // Of a run whose turn is over, nothing counts.
      const mine = { callId, attemptId };
      if (end === 'refused') await manager.delete(callEntity, mine);
      else await manager.update(callEntity, mine, end === 'done' && sealedAnswer !== undefined ? { sealedAnswer } : { attemptId: null });
      return { outcome: 'done' };
    });
  }
}
