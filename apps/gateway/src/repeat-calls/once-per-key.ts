import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';

export const oncePerKey = 'kwota:once-per-key';

/**
 * For what would happen again, or be refused, when it is asked again: under one `Idempotency-Key` (OVH.md 9) it is done once and answered the same
 * for a day. What moves credit has its key in the ledger instead; what sets something to a state needs none (docs/idempotency.md).
 */
export const OncePerKey = (): MethodDecorator =>
  applyDecorators(SetMetadata(oncePerKey, true), ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Repeated with the same body within a day: the same answer, and nothing done again' }));
