// A witness (c2sp.org/tlog-witness): it cosigns a log's checkpoint only when that goes on from the last one that it cosigned.
import { base64Of, parseCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import { verifyConsistency } from './merkle-proofs.js';
import { emptyRoot } from './merkle-tree.js';
import { bytesOfBase64, type VerifierKey } from './note-keys.js';
import { formatNote, NotANote, verifyNote } from './signed-note.js';

/** RFC 6962: a proof has at most one hash for each bit of a size. */
const proofHashesMax = 63;

/** The body of `add-checkpoint`: from which size the proof leads to the checkpoint. */
export type WitnessRequest = Readonly<{ oldSize: number; proof: readonly Uint8Array[]; checkpoint: SignedCheckpoint }>;

/** Of the last checkpoint of a log that the witness cosigned. */
export type WitnessMemory = Readonly<{ size: number; root: Uint8Array }>;
export const nothingSeen: WitnessMemory = { size: 0, root: emptyRoot };

export const formatWitnessRequest = ({ oldSize, proof, checkpoint }: WitnessRequest): string =>
  [`old ${oldSize}`, ...proof.map(base64Of), '', formatNote(checkpoint.note)].join('\n');

/** @throws NotANote for anything that is not exactly of the form. */
export const parseWitnessRequest = (given: string): WitnessRequest => {
  const blank = given.indexOf('\n\n');
  const [old = '', ...lines] = given.slice(0, Math.max(blank, 0)).split('\n');
  const oldSize = /^old (0|[1-9]\d{0,15})$/.exec(old)?.[1];
  const proof = lines.map(bytesOfBase64);
  if (oldSize === undefined || proof.length > proofHashesMax || !proof.every((hash) => hash?.length === 32)) throw new NotANote('not a request to a witness');
  return { oldSize: Number(oldSize), proof: proof as Uint8Array[], checkpoint: parseCheckpoint(given.slice(blank + 2)) };
};

/** Their order is the order of the checks. `split-view`: the log signed two trees of one size. `inconsistent`: it does not go on from what was seen. */
export const witnessRefusals = ['origin-unknown', 'not-signed', 'smaller-than-seen', 'split-view', 'old-size-differs', 'inconsistent'] as const;
export type WitnessRefusal = (typeof witnessRefusals)[number];

/** Undefined: it may be cosigned, once the new state is durable. A checkpoint's origin is the name of its log's keys. */
export const refusalOf = ({ oldSize, proof, checkpoint }: WitnessRequest, seen: WitnessMemory, logKeys: readonly VerifierKey[]): WitnessRefusal | undefined => {
  const keys = logKeys.filter(({ name, kind }) => name === checkpoint.origin && kind === 'log');
  if (keys.length === 0) return 'origin-unknown';
  if (!verifyNote(checkpoint.note, keys).ok) return 'not-signed';
  if (checkpoint.size < seen.size) return 'smaller-than-seen';
  if (checkpoint.size === seen.size) return Buffer.compare(checkpoint.root, seen.root) === 0 ? undefined : 'split-view';
  if (oldSize !== seen.size) return 'old-size-differs';
  return verifyConsistency({ oldSize, oldRoot: seen.root, size: checkpoint.size, root: checkpoint.root, proof }) ? undefined : 'inconsistent';
};
