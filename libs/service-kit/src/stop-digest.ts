import { createHmac } from 'node:crypto';
import { Sealing } from './sealing.js';

/** Knows numbers on stop lists again without holding them: HMAC-SHA-256 of account and number under a key derived from KWOTA_SECRET_KEY. */
export class StopDigest {
  private readonly key: Buffer;

  constructor(secretKey: string) {
    this.key = Sealing.derive(secretKey, 'stop list 1');
  }

  /** @param number `+` and digits; 64 hexadecimal digits. */
  of(account: string, number: string): string {
    return createHmac('sha256', this.key).update(`${account}|${number}`).digest('hex');
  }
}
