// C2SP tlog-checkpoint: what a log's tree was at a size, as the text of a signed note (c2sp.org/tlog-checkpoint).
import { hashLength } from './hash-chain.js';
import { bytesOfBase64 } from './note-keys.js';
import { NotANote, parseNote, type SignedNote } from './signed-note.js';

export type Checkpoint = Readonly<{ /** The log's name, that of its keys. */ origin: string; size: number; root: Uint8Array }>;
export type SignedCheckpoint = Checkpoint & Readonly<{ note: SignedNote }>;

export const checkpointText = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${base64Of(root)}\n`;

/** Further lines, which other logs may have, are signed but say nothing here. @throws NotANote */
export const parseCheckpoint = (given: string | Uint8Array): SignedCheckpoint => {
  const note = parseNote(given);
  const [origin = '', size = '', root = '', ...more] = note.text.slice(0, -1).split('\n');
  const hash = bytesOfBase64(root);
  if (!origin || !/^(0|[1-9]\d*)$/.test(size) || !Number.isSafeInteger(Number(size)) || hash?.length !== hashLength || more.some((line) => line === ''))
    throw new NotANote('not a checkpoint: its text is not origin, size and root');
  return { origin, size: Number(size), root: hash, note };
};

export const base64Of = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
