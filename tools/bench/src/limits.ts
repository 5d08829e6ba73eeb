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

/**
 * One update a hash, and a look at the clock for each thousand alone: a yardstick that is slow itself would flatter what it measures. The event is like a hold, of
 * some 300 bytes. DESIGN §10 has 520,000 for it.
 */
const hashesPerSecond = (): number => {
  const data = { userId: 'u-7f3k2m9q', messageId: 68_719_476_737, parts: 1, destination: '33', amountMilliCredits: 1_000, rateVersion: 1 };
  const source = { topic: 'kwota.submissions.v1', partition: 3, offset: 1_234_567 };
  const event = { v: 1, account: 'sms-kw00001-1', revision: 1_000_000, time: '2030-01-01T00:00:00.000Z', type: 'CreditsHeld', data, source };
  let previous = '';
  const startedAtMs = performance.now();
  let count = 0;
  while (performance.now() - startedAtMs < measureMs)
    for (const end = count + 1_000; count < end; count += 1) {
      event.revision = 1_000_000 + count;
      previous = createHash('sha256').update(previous + JSON.stringify(event)).digest('hex');
    }
  return count / ((performance.now() - startedAtMs) / 1_000);
};
