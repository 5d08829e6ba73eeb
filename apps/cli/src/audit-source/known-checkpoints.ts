import { CheckpointFile } from '@kwota/audit-log/checkpoint-file';
import { parseCheckpoint, type Checkpoint, type SignedCheckpoint } from '@kwota/audit-log/checkpoint';
import type { VerifierKey } from '@kwota/audit-log/note-keys';
import { NotANote, verifyNote } from '@kwota/audit-log/signed-note';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CliConfig } from '../cli.config.js';

/** `not-signed`: by none of the keys that count. `not-checked`: there are no such keys. */
export type SignatureVerdict = 'signed' | 'forged' | 'not-signed' | 'not-checked';
export type KnownCheckpoint = Readonly<{ from: string; checkpoint: SignedCheckpoint }>;
export type CheckpointOr = Readonly<{ ok: true; checkpoint: SignedCheckpoint }> | Readonly<{ ok: false; message: string }>;
export type CheckpointsOr = Readonly<{ ok: true; checkpoints: readonly KnownCheckpoint[] }> | Readonly<{ ok: false; message: string }>;

export const checkpointFileOf = ({ dataDir }: CliConfig): string => join(dataDir, 'ledger', 'checkpoints.db');

/** Those of the files that are named; else, beside a store, all that the sealer signed. */
export const checkpointsOf = (config: CliConfig, files: readonly string[], isExport: boolean): CheckpointsOr => {
  if (files.length > 0) return checkpointsIn(files);
  const path = checkpointFileOf(config);
  if (isExport || !existsSync(path)) return { ok: true, checkpoints: [] };
  return { ok: true, checkpoints: withCheckpointFile(path, (file) => file.all()).map((checkpoint) => ({ from: path, checkpoint })) };
};

/** The one to prove against: of the file that is named, else the sealer's last. */
export const latestCheckpoint = (config: CliConfig, file: string | undefined): CheckpointOr => {
  if (file !== undefined) return checkpointIn(file);
  const path = checkpointFileOf(config);
  const latest = existsSync(path) ? withCheckpointFile(path, (checkpoints) => checkpoints.latest()) : undefined;
  if (latest) return { ok: true, checkpoint: latest };
  return { ok: false, message: `no checkpoint: name one with --checkpoint, or give the ledger a key (KWOTA_AUDIT_KEY) so that it signs them into ${path}` };
};

export const withCheckpointFile = <Result>(path: string, look: (file: CheckpointFile) => Result): Result => {
  const file = CheckpointFile.openReadOnly(path);
  try {
    return look(file);
  } finally {
    file.close();
  }
};

const checkpointsIn = (files: readonly string[]): CheckpointsOr => {
  const checkpoints: KnownCheckpoint[] = [];
  for (const file of files) {
    const read = checkpointIn(file);
    if (!read.ok) return read;
    checkpoints.push({ from: file, checkpoint: read.checkpoint });
  }
  return { ok: true, checkpoints };
};

export const checkpointIn = (file: string): CheckpointOr => {
  if (!existsSync(file)) return { ok: false, message: `no checkpoint: ${file} is not there` };
  try {
    return { ok: true, checkpoint: parseCheckpoint(readFileSync(file)) };
  } catch (error) {
    if (error instanceof NotANote) return { ok: false, message: `${file}: ${error.message}` };
    throw error;
  }
};

/** A log's keys have its origin for a name; a witness's have their own. */
export const signatureOf = (
  { note, origin }: Pick<SignedCheckpoint, 'note' | keyof Checkpoint>,
  keys: readonly VerifierKey[],
): Readonly<{ verdict: SignatureVerdict; by: readonly string[] }> => {
  if (keys.length === 0) return { verdict: 'not-checked', by: [] };
  const signed = verifyNote(
    note,
    keys.filter(({ kind, name }) => kind === 'witness' || name === origin),
  );
  if (!signed.ok) return { verdict: signed.reason === 'forged' ? 'forged' : 'not-signed', by: [] };
  const by = signed.by.map(({ key, timeSeconds }) =>
    timeSeconds === undefined ? `${key.name} (${key.id})` : `witness ${key.name} at ${new Date(timeSeconds * 1_000).toISOString()}`,
  );
  return { verdict: signed.by.some(({ key }) => key.kind === 'log') ? 'signed' : 'not-signed', by };
};
