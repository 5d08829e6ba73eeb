import type { ConsumerKeyRow, CredentialStatus } from '../users.entities.js';

/** Nobody waits longer than a day for a validation. */
export const validationWithinMs = 24 * 60 * 60 * 1_000;

/** A consumer key's state (OVH.md 2.1): time alone ends what is validated for a while, or waits for too long. */
export const statusAt = ({ status, createdAtMs, expiresAtMs }: Pick<ConsumerKeyRow, 'status' | 'createdAtMs' | 'expiresAtMs'>, nowMs: number): CredentialStatus => {
  if (status === 'pendingValidation' && createdAtMs + validationWithinMs < nowMs) return 'expired';
  return status === 'validated' && expiresAtMs !== null && expiresAtMs < nowMs ? 'expired' : status;
};
