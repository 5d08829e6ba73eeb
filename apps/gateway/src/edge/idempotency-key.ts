import { badRequest } from '../v6/ovh-error.js';

/** The contracts' limit. */
export const idempotencyKeyLengthMax = 128;

/** The header of our extension (OVH.md 9); undefined where there is none. @throws OvhError 400 for one too long. */
export const idempotencyKeyOf = (header: string | undefined): string | undefined => {
  if (header && header.length > idempotencyKeyLengthMax) throw badRequest(`Idempotency-Key must be at most ${idempotencyKeyLengthMax} characters`);
  return header || undefined;
};
