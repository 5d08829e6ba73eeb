import { checkProof, proofFormat, type AuditProof, type ProofFault } from '@kwota/audit-log/audit-proof';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { AuditContext } from '../audit-source/audit-source.js';
import { checkpointIn } from '../audit-source/known-checkpoints.js';
import { verifierKeysOf } from '../audit-source/known-keys.js';
import { done, exactCredits, exitCodes, misused, table, type Report } from '../report.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const proofSchema = z.strictObject({
  format: z.literal(proofFormat),
  checkpoint: z.string(),
  events: z.array(
    z.strictObject({
      index: z.int().min(0),
      stream: z.string(),
      revision: z.int().min(0),
      bytes: z.string(),
      previousHash: hash,
      hash,
      proof: z.array(z.string()).max(63),
    }),
  ),
  consistency: z.strictObject({ oldSize: z.int().min(0), oldRoot: z.string(), proof: z.array(z.string()).max(63) }).optional(),
});

const said: Record<ProofFault, string> = {
  'not-a-checkpoint': 'what it holds as checkpoint is none',
  forged: 'the signature of its checkpoint is not that of the key that it names',
  'not-signed': 'its checkpoint is signed by no key that counts here',
  'hash-mismatch': "an event's bytes are not those that its hash was made of",
  'wrong-place': 'an event says that it belongs to another stream or revision',
  'not-included': 'an event does not lie in the tree of the checkpoint where the proof says',
  inconsistent: 'its checkpoint does not go on from the older one',
};

export type CheckProofOptions = Readonly<{ key?: readonly string[]; since?: string }>;

/** Needs the proof and the log's verifier key; no store, no network. */
export const checkProofCommand = async ({ config }: AuditContext, file: string, { key, since }: CheckProofOptions): Promise<Report> => {
  const keys = verifierKeysOf(config, key);
  if (!keys.ok) return misused(keys.message);
  if (keys.keys.length === 0) return misused("a proof is worth as much as its signature: name the log's verifier key (--key, KWOTA_AUDIT_VERIFIER_KEYS)");
  if (!existsSync(file)) return misused(`no proof: ${file} is not there`);
  const older = since === undefined ? undefined : checkpointIn(since);
  if (older && !older.ok) return misused(older.message);
  const proof = proofSchema.safeParse(parsedJson(readFileSync(file, 'utf8')));
  if (!proof.success) return { exitCode: exitCodes.refused, json: { ok: false, fault: 'not-a-proof' }, text: `${file} is no proof of the form ${proofFormat}` };
  const verdict = checkProof(proof.data as AuditProof, keys.keys, older?.checkpoint);
  if (!verdict.ok) {
    const where = verdict.index === null ? '' : ` (index ${verdict.index})`;
    return { exitCode: exitCodes.refused, json: verdict, text: `${verdict.fault}: ${said[verdict.fault]}${where}` };
  }
  const { checkpoint, signedBy } = verdict;
  const events = proof.data.events.map((event) => ({
    ...event,
    event: JSON.parse(event.bytes) as { time: string; type: string; data: { amountMilliCredits?: number; messageId?: number } },
  }));
  const rows = events.map(({ index, stream, revision, event: { time, type, data } }) => [
    String(index),
    stream,
    String(revision),
    time,
    type,
    data.amountMilliCredits === undefined ? '' : exactCredits(data.amountMilliCredits),
    data.messageId === undefined ? '' : String(data.messageId),
  ]);
  const signers = signedBy.map(({ name, id, timeSeconds }) =>
    timeSeconds === undefined ? `${name} (${id})` : `witness ${name} at ${new Date(timeSeconds * 1_000).toISOString()}`,
  );
  return done(
    {
      ok: true,
      origin: checkpoint.origin,
      size: checkpoint.size,
      signedBy,
      events: events.map(({ index, stream, revision, event }) => ({ index, stream, revision, event })),
    },
    [
      table(['index', 'stream', 'revision', 'time', 'event', 'credits', 'message'], rows),
      '',
      `proved: they lie in the ${checkpoint.size} events that ${signers.join(', ')} signed for${since === undefined ? '' : ', which go on from the older checkpoint'}`,
    ].join('\n'),
  );
};

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
