// The fields that several contracts share, with their limits (DESIGN §7).
import { z } from 'zod';

/** An SMS account's serviceName, e.g. `sms-kw00001-1`. */
export const account = z.string().min(1).max(64);
/** Opaque, new at each creation of an API user; null is the account itself. */
export const userId = z.string().min(1).max(64);
export const userIdOrAccount = userId.nullable();
/** Below 2^53, growing with time. */
export const messageId = z.int().positive();
export const milliCredits = z.int();
export const milliCreditsNotNegative = z.int().nonnegative();
/** `+` and at most 15 digits (E.164). */
export const phoneNumber = z.string().regex(/^\+\d{3,15}$/);
export const timeMs = z.int().nonnegative();
export const ptt = z.int().nonnegative();
export const dlr = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16)]);
export const source = z.enum(['http2sms', 'rest', 'alert', 'answer']);
export const coding = z.enum(['7bit', 'unicode']);
export const parts = z.int().min(1).max(6);
/** OVH.md 1.1, sms.PriorityEnum. Left out: as urgent as `high`. */
export const priority = z.enum(['high', 'medium', 'low', 'veryLow']);
export type Priority = z.infer<typeof priority>;
/** What a message has whose sender names none: so it was in OVH's numbers, too ("0 to 3, default is 3"). */
export const priorityDefault: Priority = 'high';
/** AES-256-GCM text of service-kit's sealing; opaque here. */
export const sealed = z.string().min(1).max(4_096);
export const receiversMax = 1_000;
