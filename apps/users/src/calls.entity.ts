import { EntitySchema } from 'typeorm';
import { millisecondsColumn } from './owners.entities.js';

/** A call under an idempotency key. `attemptId`: the run that may end it; null: none is under way. */
export type CallRow = { callId: string; bodyDigest: string; attemptId: string | null; seed: string; firstAtMs: number; claimedAtMs: number; sealedAnswer: string | null };
export const callEntity = new EntitySchema<CallRow>({
  name: 'kept_call',
  columns: {
    callId: { type: 'text', primary: true },
    bodyDigest: { type: 'text' },
    attemptId: { type: 'text', nullable: true },
    seed: { type: 'text' },
    firstAtMs: { ...millisecondsColumn, nullable: false },
    claimedAtMs: { ...millisecondsColumn, nullable: false },
    sealedAnswer: { type: 'text', nullable: true },
  },
});
