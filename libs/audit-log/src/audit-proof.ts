// A proof that single events are in a signed checkpoint: all that a stranger needs beside the log's verifier key (docs/audit-format.md).
import type { StoredEvent } from '@kwota/event-store';
import { base64Of, parseCheckpoint, type Checkpoint, type SignedCheckpoint } from './checkpoint.js';
import { decodeEvent, NotAnEvent, streamOfAccount } from './event-envelope.js';
import { leafHashOf, placeOf } from './event-leaf.js';
import { genesisHash, hashOf } from './hash-chain.js';
import { verifyConsistency, verifyInclusion } from './merkle-proofs.js';
import { MerkleTree } from './merkle-tree.js';
import { bytesOfBase64, type VerifierKey } from './note-keys.js';
import { formatNote, NotANote, verifyNote } from './signed-note.js';

export const proofFormat = 'kwota-audit-proof/1';

/** Hashes of a stream in hexadecimal, those of the tree in base64, as in a checkpoint. */
export type ProvenEvent = Readonly<{
  index: number;
  stream: string;
  revision: number;
  bytes: string;
  previousHash: string;
  hash: string;
  proof: readonly string[];
}>;
export type AuditProof = Readonly<{
  format: typeof proofFormat;
  checkpoint: string;
  events: readonly ProvenEvent[];
  /** That the checkpoint goes on from an older one, of `oldSize` events. */
  consistency?: Readonly<{ oldSize: number; oldRoot: string; proof: readonly string[] }>;
}>;

export type Proving =
  | Readonly<{ ok: true; proof: AuditProof; /** Found, and younger than the checkpoint. */ unsealed: readonly StoredEvent[] }>
  | Readonly<{ ok: false; reason: 'rewritten' | 'tail-dropped' | 'since-differs' }>;

/** Reads all events, and proves those that are wanted. `since`: an older checkpoint that somebody keeps. */
export const proveEvents = async (
  events: AsyncIterable<StoredEvent>,
  isWanted: (event: StoredEvent) => boolean,
  checkpoint: SignedCheckpoint,
  since?: Checkpoint,
): Promise<Proving> => {
  const tree = new MerkleTree();
  const hashes = new Map<string, Uint8Array>();
  const wanted: { event: StoredEvent; previousHash: Uint8Array }[] = [];
  const unsealed: StoredEvent[] = [];
  for await (const event of events) {
    const isSealed = tree.size < checkpoint.size;
    if (isSealed) tree.add(leafHashOf(placeOf(event)));
    if (isWanted(event)) {
      if (isSealed) wanted.push({ event, previousHash: hashes.get(event.stream) ?? genesisHash });
      else unsealed.push(event);
    }
    hashes.set(event.stream, event.hash);
  }
  if (tree.size < checkpoint.size) return { ok: false, reason: 'tail-dropped' };
  if (Buffer.compare(tree.root(), checkpoint.root) !== 0) return { ok: false, reason: 'rewritten' };
  const isContinued = !since || (since.size <= checkpoint.size && Buffer.compare(tree.root(since.size), since.root) === 0);
  if (!isContinued) return { ok: false, reason: 'since-differs' };
  const proven = wanted.map(({ event, previousHash }) => provenEvent(event, previousHash, tree));
  const consistency = since && { oldSize: since.size, oldRoot: base64Of(since.root), proof: tree.consistencyProof(since.size).map(base64Of) };
  return {
    ok: true,
    unsealed,
    proof: { format: proofFormat, checkpoint: formatNote(checkpoint.note), events: proven, ...(consistency ? { consistency } : {}) },
  };
};

const provenEvent = (event: StoredEvent, previousHash: Uint8Array, tree: MerkleTree): ProvenEvent => {
  const { index, stream, revision, hash } = placeOf(event);
  const bytes = Buffer.from(event.data).toString();
  return { index, stream, revision, bytes, previousHash: hexOf(previousHash), hash: hexOf(hash), proof: tree.inclusionProof(index).map(base64Of) };
};

/**
 * In the order of the checks: `not-a-checkpoint`; `forged` a known key's signature is wrong; `not-signed` by no known key; `hash-mismatch` the
 * event's bytes are not those of its hash; `wrong-place` the event names another stream or revision; `not-included` it does not lie there in the
 * tree; `inconsistent` the checkpoint does not go on from the older one.
 */
export type ProofFault = 'not-a-checkpoint' | 'forged' | 'not-signed' | 'hash-mismatch' | 'wrong-place' | 'not-included' | 'inconsistent';
export type ProofVerdict =
  | Readonly<{ ok: true; checkpoint: SignedCheckpoint; signedBy: readonly Readonly<{ name: string; id: string; timeSeconds: number | undefined }>[] }>
  | Readonly<{ ok: false; fault: ProofFault; /** Of the event, where it is one. */ index: number | null }>;

/** Without the log and without its store. `since` is the checker's own older checkpoint, never one out of the proof. */
export const checkProof = (proof: AuditProof, keys: readonly VerifierKey[], since?: Checkpoint): ProofVerdict => {
  const fault = (reason: ProofFault, index: number | null = null): ProofVerdict => ({ ok: false, fault: reason, index });
  const checkpoint = checkpointOf(proof.checkpoint);
  if (!checkpoint) return fault('not-a-checkpoint');
  const signed = verifyNote(
    checkpoint.note,
    keys.filter(({ kind, name }) => kind === 'witness' || name === checkpoint.origin),
  );
  if (!signed.ok && signed.reason === 'forged') return fault('forged');
  if (!signed.ok || !signed.by.some(({ key }) => key.kind === 'log')) return fault('not-signed');
  for (const event of proof.events) {
    const reason = faultOf(event, checkpoint);
    if (reason) return fault(reason, event.index);
  }
  if (since && !isConsistent(proof, checkpoint, since)) return fault('inconsistent');
  return { ok: true, checkpoint, signedBy: signed.by.map(({ key: { name, id }, timeSeconds }) => ({ name, id, timeSeconds })) };
};

const checkpointOf = (text: string): SignedCheckpoint | undefined => {
  try {
    return parseCheckpoint(text);
  } catch (error) {
    if (error instanceof NotANote) return undefined;
    throw error;
  }
};

const faultOf = ({ index, stream, revision, bytes, previousHash, hash, proof }: ProvenEvent, { size, root }: Checkpoint): ProofFault | undefined => {
  const data = Buffer.from(bytes);
  const stated = Buffer.from(hash, 'hex');
  const previous = Buffer.from(previousHash, 'hex');
  if (previous.length !== 32 || Buffer.compare(hashOf(previous, data), stated) !== 0) return 'hash-mismatch';
  if (!isInPlace(data, stream, revision)) return 'wrong-place';
  const siblings = hashesOf(proof);
  return siblings && verifyInclusion({ leafHash: leafHashOf({ index, stream, revision, hash: stated }), index, size, root, proof: siblings })
    ? undefined
    : 'not-included';
};

const isInPlace = (data: Uint8Array, stream: string, revision: number): boolean => {
  try {
    const envelope = decodeEvent(data);
    return streamOfAccount(envelope.account) === stream && envelope.revision === revision;
  } catch (error) {
    if (error instanceof NotAnEvent) return false;
    throw error;
  }
};

const isConsistent = ({ consistency }: AuditProof, { size, root }: Checkpoint, since: Checkpoint): boolean => {
  const proof = hashesOf(consistency?.proof ?? []);
  if (!proof || (consistency && consistency.oldSize !== since.size)) return false;
  return verifyConsistency({ oldSize: since.size, oldRoot: since.root, size, root, proof });
};

const hashesOf = (texts: readonly string[]): readonly Uint8Array[] | undefined => {
  const hashes = texts.map(bytesOfBase64);
  return hashes.every((hash): hash is Buffer => hash?.length === 32) ? hashes : undefined;
};

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
