import type { FirstStart } from '@kwota/gateway/start';
import { join } from 'node:path';

/** Once, on the screen of whoever started it: not through the log, which may be shipped elsewhere. */
export const showFirstStart = (first: FirstStart | undefined, dataDir: string): void => {
  if (!first) return;
  const rows = Object.entries(first).map(([name, value]) => `  ${name.padEnd(18)} ${value}`);
  process.stderr.write(`\nFirst start. These secrets are shown once, and kept in ${join(dataDir, 'first-start.json')}:\n\n${rows.join('\n')}\n\n`);
};
