// Requests to users about calls of HTTP that carry an idempotency key: what is changed once however often it is asked.
import { z } from 'zod';
import { defineRequest, done, refused } from './define-request.js';
import * as f from './fields.js';

const service = 'users';
/** Keyed digests (HMAC-SHA-256, hex) of the gateways: of who asks and his key, and of what is asked. */
const digest = z.string().length(64);
/** One run of the call: the same request read twice is the same run. */
const attemptId = z.string().min(1).max(64);

export const claimCall = defineRequest({
  service,
  name: 'claim-call',
  description:
    'May this call run? `answer` null: yes, with what names and secrets are made of, the same at each run of the call. Else the answer that it got before, sealed with the call id as associated data. Kept for 24 hours.',
  keyOf: ({ callId }) => callId,
  request: z.object({ callId: digest, bodyDigest: digest, attemptId }),
  reply: z.union([done({ seed: z.string().max(64), sealedAnswer: f.sealed.nullable() }), refused(['conflict', 'under-way'])]),
});

export const endCall = defineRequest({
  service,
  name: 'end-call',
  description:
    'How a run ended. `done`: its answer is kept. `refused`: nothing was changed, and the key is free for another call. `unknown`: the same call may run again.',
  keyOf: ({ callId }) => callId,
  request: z.object({ callId: digest, attemptId, end: z.enum(['done', 'refused', 'unknown']), sealedAnswer: f.sealed.optional() }),
  reply: done({}),
});
