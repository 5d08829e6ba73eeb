// C2SP signed-note: a text, a blank line, and a line for each signature (c2sp.org/signed-note).
import { isUtf8 } from 'node:buffer';
import { bytesOfBase64, isKeyName, signText, verifyText, type SignerKey, type VerifierKey } from './note-keys.js';

/** A verifier must take at least 16 and should have a limit; a checkpoint with 100 witnesses has 12 KB. */
const signaturesMax = 100;
const noteBytesMax = 64 * 1024;
const keyIdBytes = 4;

export type NoteSignature = Readonly<{ name: string; /** Eight hexadecimal digits. */ keyId: string; signature: Uint8Array }>;
/** `text` ends in its line feed. */
export type SignedNote = Readonly<{ text: string; signatures: readonly NoteSignature[] }>;

export class NotANote extends Error {
  override readonly name = 'NotANote';
}

/** @throws NotANote for anything that is not exactly of the form. */
export const parseNote = (given: string | Uint8Array): SignedNote => {
  const bytes = Buffer.from(given);
  if (bytes.length > noteBytesMax || !isUtf8(bytes)) throw new NotANote('not a signed note: too long, or not in UTF-8');
  const note = bytes.toString();
  if ([...note].some((character) => character < ' ' && character !== '\n')) throw new NotANote('not a signed note: it has control characters');
  const blank = note.lastIndexOf('\n\n');
  if (blank < 0 || !note.endsWith('\n')) throw new NotANote('not a signed note: no blank line before signatures, or its end is missing');
  const lines = note
    .slice(blank + 2)
    .split('\n')
    .slice(0, -1);
  if (lines.length === 0 || lines.length > signaturesMax) throw new NotANote(`not a signed note: ${lines.length} signatures`);
  return { text: note.slice(0, blank + 1), signatures: lines.map(parseSignature) };
};

export const formatNote = ({ text, signatures }: SignedNote): string => `${text}\n${signatures.map(signatureLine).join('')}`;

export const signatureLine = ({ name, keyId, signature }: NoteSignature): string =>
  `— ${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}\n`;

/** Signed by each key; a witness's signature holds the time. */
export const signNote = (text: string, keys: readonly SignerKey[], timeSeconds = 0): SignedNote => ({
  text,
  signatures: keys.map((key) => ({ name: key.name, keyId: key.id, signature: signText(key, text, timeSeconds) })),
});

export type VerifiedSignature = Readonly<{ key: VerifierKey; /** Of a witness. */ timeSeconds: number | undefined }>;
/** `forged`: a line says that a known key signed this, and it did not. */
export type NoteVerdict =
  Readonly<{ ok: true; by: readonly VerifiedSignature[] }> | Readonly<{ ok: false; reason: 'forged' | 'no-known-signature'; name: string | undefined }>;

/** What the known keys say; lines of others say nothing. */
export const verifyNote = ({ text, signatures }: SignedNote, keys: readonly VerifierKey[]): NoteVerdict => {
  const by: VerifiedSignature[] = [];
  for (const { name, keyId, signature } of signatures) {
    const key = keys.find((known) => known.name === name && known.id === keyId);
    if (!key) continue;
    const verdict = verifyText(key, text, signature);
    if (!verdict.ok) return { ok: false, reason: 'forged', name };
    by.push({ key, timeSeconds: verdict.timeSeconds });
  }
  return by.length > 0 ? { ok: true, by } : { ok: false, reason: 'no-known-signature', name: undefined };
};

const parseSignature = (line: string): NoteSignature => {
  const [dash, name = '', encoded = '', ...more] = line.split(' ');
  const bytes = bytesOfBase64(encoded);
  if (dash !== '—' || !isKeyName(name) || more.length > 0 || !bytes || bytes.length <= keyIdBytes)
    throw new NotANote('not a signed note: a line is not a signature');
  return { name, keyId: bytes.subarray(0, keyIdBytes).toString('hex'), signature: bytes.subarray(keyIdBytes) };
};
