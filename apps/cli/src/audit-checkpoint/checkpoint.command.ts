import { proveEvents } from '@kwota/audit-log/audit-proof';
import { base64Of, type SignedCheckpoint } from '@kwota/audit-log/checkpoint';
import { bytesOfBase64 } from '@kwota/audit-log/note-keys';
import { formatNote } from '@kwota/audit-log/signed-note';
import { formatWitnessRequest } from '@kwota/audit-log/witness';
import { existsSync } from 'node:fs';
import { onSource, type AuditContext } from '../audit-source/audit-source.js';
import { checkpointFileOf, checkpointIn, latestCheckpoint, withCheckpointFile, type CheckpointOr } from '../audit-source/known-checkpoints.js';
import { done, exitCodes, misused, table, type Report } from '../report.js';
import { writeAnswer } from '../write-answer.js';

export type CheckpointOptions = Readonly<{ list?: boolean; size?: number; checkpoint?: string; forWitness?: string; export?: string; out?: string }>;

/** What the sealer signed: the last one, one of a size, or all; or, for a witness, with the proof that it goes on from what that saw last. */
export const checkpointCommand = async (context: AuditContext, options: CheckpointOptions): Promise<Report> => {
  const path = checkpointFileOf(context.config);
  if (options.list) return existsSync(path) ? withCheckpointFile(path, (file) => listOf(file.all())) : misused(`no checkpoints: ${path} is not there`);
  const known = options.size === undefined ? latestCheckpoint(context.config, options.checkpoint) : ofSize(path, options.size);
  if (!known.ok) return misused(known.message);
  const { checkpoint } = known;
  return options.forWitness === undefined
    ? written(formatNote(checkpoint.note), checkpoint, options.out)
    : requestFor(context, checkpoint, options.forWitness, options);
};

const ofSize = (path: string, size: number): CheckpointOr => {
  const checkpoint = existsSync(path) ? withCheckpointFile(path, (file) => file.ofSize(size)) : undefined;
  return checkpoint ? { ok: true, checkpoint } : { ok: false, message: `${path} has no checkpoint of ${size} events (--list)` };
};

const listOf = (checkpoints: readonly SignedCheckpoint[]): Report =>
  done(
    checkpoints.map(({ origin, size, root }) => ({ origin, size, root: base64Of(root) })),
    table(
      ['size', 'root', 'origin'],
      checkpoints.map(({ origin, size, root }) => [String(size), base64Of(root), origin]),
    ),
  );

const written = (text: string, { origin, size, root }: SignedCheckpoint, out: string | undefined): Report => {
  if (out !== undefined) writeAnswer(out, text);
  const json = { origin, size, root: base64Of(root), ...(out === undefined ? { text } : { file: out }) };
  return done(json, out === undefined ? text.trimEnd() : `checkpoint of ${size} events by ${origin}: ${out}`);
};

/** `seen`: 0 for a witness that saw nothing yet, else the file of the checkpoint that it cosigned last. */
const requestFor = (
  context: AuditContext,
  checkpoint: SignedCheckpoint,
  seen: string,
  { export: exportFile, out }: CheckpointOptions,
): Promise<Report> | Report => {
  if (seen === '0') return written(formatWitnessRequest({ oldSize: 0, proof: [], checkpoint }), checkpoint, out);
  const old = checkpointIn(seen);
  if (!old.ok) return misused(old.message);
  return onSource(context, exportFile, async (source) => {
    const since = old.checkpoint;
    const proving = await proveEvents(source.readAll(), () => false, checkpoint, since);
    if (!proving.ok) {
      const text = `no proof can be made that the checkpoint of ${checkpoint.size} events goes on from the one of ${since.size} (${proving.reason})`;
      return { exitCode: exitCodes.refused, json: { outcome: proving.reason, message: text }, text };
    }
    const proof = (proving.proof.consistency?.proof ?? []).map((hash) => bytesOfBase64(hash) as Uint8Array);
    return written(formatWitnessRequest({ oldSize: since.size, proof, checkpoint }), checkpoint, out);
  });
};
