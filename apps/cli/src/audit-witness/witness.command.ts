import { base64Of } from '@kwota/audit-log/checkpoint';
import { bytesOfBase64, type SignerKey, type VerifierKey } from '@kwota/audit-log/note-keys';
import { formatNote, NotANote, signatureLine, signNote } from '@kwota/audit-log/signed-note';
import { nothingSeen, parseWitnessRequest, refusalOf, type WitnessMemory, type WitnessRefusal, type WitnessRequest } from '@kwota/audit-log/witness';
import { ProcessLock } from '@kwota/service-kit/sqlite';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { AuditContext } from '../audit-source/audit-source.js';
import { signerKeysOf, verifierKeysOf } from '../audit-source/known-keys.js';
import { done, exitCodes, misused, type Report } from '../report.js';
import { writeAnswer } from '../write-answer.js';

export type WitnessOptions = Readonly<{ state: string; key?: readonly string[]; out?: string }>;

const said: Record<WitnessRefusal, string> = {
  'origin-unknown': 'this witness was not told of a key of this log (--key)',
  'not-signed': "it is not signed by the log's key",
  'smaller-than-seen': 'it is of fewer events than the one that was cosigned last',
  'split-view': 'it is another tree of the size that was cosigned last: the log signed two histories',
  'old-size-differs': 'its proof does not begin at the size that was cosigned last',
  inconsistent: 'it does not go on from the one that was cosigned last: the log rewrote its history, or the proof is wrong',
};

const memory = z.strictObject({ size: z.int().min(0), root: z.string(), checkpoint: z.string() });
const stateFile = z.record(z.string(), memory);
type State = z.infer<typeof stateFile>;

/**
 * Cosigns a request (kwota audit checkpoint --for-witness) only when it goes on from what this witness saw before, and remembers it durably before
 * anybody sees the signature. To be run by somebody else than who runs the log, with a key and a state of its own.
 */
export const witnessCommand = async (
  { config }: AuditContext,
  file: string,
  { state: statePath, key, out }: WitnessOptions,
  nowMs: number,
): Promise<Report> => {
  const own = signerKeysOf(config, 'witness');
  if (!own.ok) return misused(own.message);
  const [signer] = own.keys;
  if (!signer) return misused('the witness has no key: KWOTA_AUDIT_WITNESS_KEY or KWOTA_AUDIT_WITNESS_KEY_FILE (kwota audit keygen --witness)');
  const logs = verifierKeysOf(config, key);
  if (!logs.ok) return misused(logs.message);
  if (!existsSync(file)) return misused(`no request: ${file} is not there`);
  // Two requests at a time would each be held against the same memory.
  const lock = new ProcessLock(`${statePath}.lock`);
  try {
    return cosignIfConsistent(file, signer, logs.keys, { statePath, out, nowMs });
  } finally {
    lock.release();
  }
};

type Place = Readonly<{ statePath: string; out: string | undefined; nowMs: number }>;

const cosignIfConsistent = (file: string, signer: SignerKey, logKeys: readonly VerifierKey[], place: Place): Report => {
  const { statePath } = place;
  const state = readState(statePath);
  if (!state) return misused(`${statePath} is not the state of a witness`);
  const request = readRequest(file);
  if (!request) return { exitCode: exitCodes.refused, json: { outcome: 'not-a-request' }, text: `${file} is no request to a witness` };
  const seen = seenOf(state, request);
  const refusal = refusalOf(request, seen, logKeys);
  if (!refusal) return cosigned(request, signer, state, place);
  const text = `${refusal}: ${said[refusal]} (${seen.size} events)`;
  return { exitCode: exitCodes.refused, json: { outcome: 'refused', refusal, seenSize: seen.size, message: said[refusal] }, text };
};

const readRequest = (file: string): WitnessRequest | undefined => {
  try {
    return parseWitnessRequest(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof NotANote) return undefined;
    throw error;
  }
};

const readState = (path: string): State | undefined => {
  if (!existsSync(path)) return {};
  try {
    return stateFile.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
};

const seenOf = (state: State, { checkpoint: { origin } }: WitnessRequest): WitnessMemory => {
  const known = Object.hasOwn(state, origin) ? state[origin] : undefined;
  return known ? { size: known.size, root: bytesOfBase64(known.root) ?? nothingSeen.root } : nothingSeen;
};

const cosigned = ({ checkpoint }: WitnessRequest, signer: SignerKey, state: State, { statePath, out, nowMs }: Place): Report => {
  const { origin, size, root, note } = checkpoint;
  writeDurably(statePath, JSON.stringify({ ...state, [origin]: { size, root: base64Of(root), checkpoint: formatNote(note) } }, undefined, 2));
  const { signatures } = signNote(note.text, [signer], Math.floor(nowMs / 1_000));
  const whole = formatNote({ text: note.text, signatures: [...note.signatures, ...signatures] });
  if (out !== undefined) writeAnswer(out, whole);
  const line = signatures.map(signatureLine).join('').trimEnd();
  return done(
    { outcome: 'cosigned', origin, size, cosignature: line, ...(out === undefined ? {} : { file: out }) },
    out === undefined ? line : `cosigned ${size} events of ${origin}: ${out}`,
  );
};

const writeDurably = (path: string, text: string): void => {
  const next = `${path}.next`;
  const file = openSync(next, 'w', 0o600);
  writeSync(file, `${text}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(next, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
};
