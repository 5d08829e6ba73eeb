import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const version = 's1.';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Secrets that must cross the log or lie recoverable in a table: AES-256-GCM under a key derived from KWOTA_SECRET_KEY by HKDF-SHA-256.
 * The associated data ties a sealed text to its place: moved elsewhere, it does not open.
 */
export class Sealing {
  private readonly key: Buffer;

  constructor(secretKey: string) {
    if (secretKey.length < 32) throw new Error('KWOTA_SECRET_KEY: must be at least 32 characters');
    this.key = Buffer.from(hkdfSync('sha256', secretKey, '', 'kwota sealing 1', 32));
  }

  seal(plain: string, associatedData: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(associatedData));
    const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return version + sealed.toString('base64url');
  }

  /** @throws Error without the content when the text was changed, moved, or sealed under another key. */
  open(sealed: string, associatedData: string): string {
    const bytes = Buffer.from(sealed.startsWith(version) ? sealed.slice(version.length) : '', 'base64url');
    if (bytes.length < nonceBytes + tagBytes) throw new Error('not a sealed text');
    const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, nonceBytes)).setAAD(Buffer.from(associatedData));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
  }

  /** A key of its own for another purpose, e.g. signing tokens. */
  static derive(secretKey: string, purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', secretKey, '', `kwota ${purpose}`, 32));
  }
}
