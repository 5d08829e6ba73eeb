import { createHash } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Limits = Readonly<{ l1PerSecond: number; l2PerSecond: number }>;

const measureMs = 1_500;

/** DESIGN §10: what this disk and this core can do at best, measured in the same run as what is compared with it. */
export const measureLimits = (): Limits => ({ l1PerSecond: syncsPerSecond(), l2PerSecond: hashesPerSecond() });

const syncsPerSecond = (): number => {
  const folder = mkdtempSync(join(tmpdir(), 'kwota-l1-'));
  const file = openSync(join(folder, 'append'), 'a');
  const bytes = Buffer.alloc(300, 0x61);
  const startedAtMs = performance.now();
  let count = 0;
  for (; performance.now() - startedAtMs < measureMs; count += 1) {
    writeSync(file, bytes);
    fdatasyncSync(file);
  }
  const perSecond = count / ((performance.now() - startedAtMs) / 1_000);
  closeSync(file);
  rmSync(folder, { recursive: true });
  return perSecond;
};

const hashesPerSecond = (): number => {
  const event = { v: 1, account: 'sms-kw00001-1', type: 'CreditsHeld', messageId: 65_537, text: 'x'.repeat(190) };
  let previous: Buffer = Buffer.alloc(32);
  const startedAtMs = performance.now();
  let count = 0;
  for (; performance.now() - startedAtMs < measureMs; count += 1) previous = createHash('sha256').update(previous).update(JSON.stringify({ ...event, revision: count })).digest();
  return count / ((performance.now() - startedAtMs) / 1_000);
};
