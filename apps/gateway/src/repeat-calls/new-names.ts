import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { hkdfSync, randomBytes } from 'node:crypto';

/** Bytes for a name or a secret that a call makes; `what` tells those of one call apart. */
export type NewNames = (what: string, bytes: number) => Buffer;

export const randomNames: NewNames = (_, bytes) => randomBytes(bytes);

/** The same at each run of one call: a call that is run again after a failure makes what it made, and no second. Nobody without the key can tell them. */
export const namesOf =
  (key: Buffer, seed: string): NewNames =>
  (what, bytes) =>
    Buffer.from(hkdfSync('sha256', key, seed, `kwota new names 1 ${what}`, bytes));

export type NamingRequest = { newNames?: NewNames };

/** For the parameter of a handler that makes names or secrets. */
export const Names = createParamDecorator((_: unknown, context: ExecutionContext): NewNames => context.switchToHttp().getRequest<NamingRequest>().newNames ?? randomNames);
