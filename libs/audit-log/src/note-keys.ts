// Ed25519 keys as C2SP signed-note writes them: a verifier key that anyone may have, and a signer key, in the form of Go's sumdb/note.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify, type KeyObject } from 'node:crypto';

/** `log` signs checkpoints (signature type 0x01); `witness` cosigns them with a time (0x04, c2sp.org/tlog-cosignature). */
export type KeyKind = 'log' | 'witness';

const typeBytes: Record<KeyKind, number> = { log: 0x01, witness: 0x04 };
const keyBytes = 32;
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const signerPrefix = 'PRIVATE+KEY+';

export type VerifierKey = Readonly<{ name: string; kind: KeyKind; /** Eight hexadecimal digits. */ id: string; publicKey: KeyObject; text: string }>;
export type SignerKey = Readonly<{ name: string; kind: KeyKind; id: string; privateKey: KeyObject; verifier: VerifierKey }>;

/** The text is no key of these kinds. The message never repeats it: it may be a secret. */
export class NotAKey extends Error {
  override readonly name = 'NotAKey';
}

/** A key's name may not hold a blank or a plus (signed-note); a schema-less URL keeps names apart. */
export const isKeyName = (name: string): boolean => /^[^\s+\p{Cc}\p{Zs}]+$/u.test(name);

/** `<name>+<id>+<base64 of type and public key>`. @throws NotAKey */
export const parseVerifierKey = (text: string): VerifierKey => {
  const [name = '', id = '', ...encoded] = text.trim().split('+');
  const { kind, bytes } = materialOf(encoded.join('+'));
  const key = verifierKeyOf(name, kind, bytes);
  if (key.id !== id) throw new NotAKey('the id of the key is not that of its name and bytes');
  return key;
};

/** `PRIVATE+KEY+<name>+<id>+<base64 of type and seed>`. @throws NotAKey */
export const parseSignerKey = (text: string): SignerKey => {
  const given = text.trim();
  if (!given.startsWith(signerPrefix)) throw new NotAKey('a key to sign with begins with PRIVATE+KEY+');
  const [name = '', id = '', ...encoded] = given.slice(signerPrefix.length).split('+');
  const { kind, bytes } = materialOf(encoded.join('+'));
  const key = signerKeyOf(name, kind, bytes);
  if (key.id !== id) throw new NotAKey('the id of the key is not that of its name and bytes');
  return key;
};

/** Keys by commas or lines, all of one name: a log that changes its key signs with both for a while. @throws NotAKey */
export const parseSignerKeys = (text: string): readonly SignerKey[] => {
  const keys = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(parseSignerKey);
  if (keys.length === 0) throw new NotAKey('there is no key');
  if (new Set(keys.map(({ name, kind }) => `${kind} ${name}`)).size > 1) throw new NotAKey('keys that sign together have one name');
  return keys;
};

/** A new key's secret text. */
export const generateSignerKey = (name: string, kind: KeyKind): string => {
  const seed = randomBytes(keyBytes);
  const { id } = signerKeyOf(name, kind, seed);
  return `${signerPrefix}${name}+${id}+${encodedOf(kind, seed)}`;
};

/** The signature over a note's text: 64 bytes, and for a witness its time in seconds before them. */
export const signText = (key: SignerKey, text: string, timeSeconds: number): Uint8Array => {
  if (key.kind === 'log') return sign(null, Buffer.from(text), key.privateKey);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(timeSeconds));
  return Buffer.concat([time, sign(null, cosignedText(text, timeSeconds), key.privateKey)]);
};

export type TextVerdict = Readonly<{ ok: false }> | Readonly<{ ok: true; /** Of a witness. */ timeSeconds: number | undefined }>;

export const verifyText = (key: VerifierKey, text: string, signature: Uint8Array): TextVerdict => {
  if (key.kind === 'log')
    return signature.length === 64 && verify(null, Buffer.from(text), key.publicKey, signature) ? { ok: true, timeSeconds: undefined } : { ok: false };
  if (signature.length !== 72) return { ok: false };
  const timeSeconds = Number(Buffer.from(signature.subarray(0, 8)).readBigUInt64BE());
  if (!Number.isSafeInteger(timeSeconds)) return { ok: false };
  return verify(null, cosignedText(text, timeSeconds), key.publicKey, signature.subarray(8)) ? { ok: true, timeSeconds } : { ok: false };
};

const cosignedText = (text: string, timeSeconds: number): Buffer => Buffer.from(`cosignature/v1\ntime ${timeSeconds}\n${text}`);

/** Undefined for what is not base64 in its one right form. */
export const bytesOfBase64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

const materialOf = (encoded: string): { kind: KeyKind; bytes: Buffer } => {
  const material = bytesOfBase64(encoded);
  const kind = (Object.keys(typeBytes) as KeyKind[]).find((known) => typeBytes[known] === material?.[0]);
  if (!material || !kind || material.length !== 1 + keyBytes) throw new NotAKey('not an Ed25519 key of a log or a witness');
  return { kind, bytes: material.subarray(1) };
};

const encodedOf = (kind: KeyKind, bytes: Uint8Array): string => Buffer.concat([Buffer.of(typeBytes[kind]), bytes]).toString('base64');

const verifierKeyOf = (name: string, kind: KeyKind, publicBytes: Buffer): VerifierKey => {
  if (!isKeyName(name)) throw new NotAKey("a key's name has no blanks and no plus");
  const id = createHash('sha256').update(`${name}\n`).update(Buffer.of(typeBytes[kind])).update(publicBytes).digest('hex').slice(0, 8);
  const publicKey = createPublicKey({ key: Buffer.concat([spkiPrefix, publicBytes]), format: 'der', type: 'spki' });
  return { name, kind, id, publicKey, text: `${name}+${id}+${encodedOf(kind, publicBytes)}` };
};

const signerKeyOf = (name: string, kind: KeyKind, seed: Buffer): SignerKey => {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
  const publicBytes = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length);
  const verifier = verifierKeyOf(name, kind, publicBytes);
  return { name, kind, id: verifier.id, privateKey, verifier };
};
