import { generateSignerKey, isKeyName, parseSignerKey } from '@kwota/audit-log/note-keys';
import { existsSync } from 'node:fs';
import { done, exitCodes, misused, type Report } from '../report.js';
import { writeAnswer } from '../write-answer.js';

export type KeygenOptions = Readonly<{ name: string; witness?: boolean; out: string }>;

/** A new key: the secret into a file of its owner alone, what anybody may know onto the screen. Never over a file that is there. */
export const keygenCommand = async ({ name, witness = false, out }: KeygenOptions): Promise<Report> => {
  if (!isKeyName(name)) return misused("a key's name has no blanks and no plus: a URL without https:// keeps it apart from others");
  if (existsSync(out))
    return { exitCode: exitCodes.refused, json: { outcome: 'refused', message: `${out} is there already` }, text: `${out} is there already` };
  const secret = generateSignerKey(name, witness ? 'witness' : 'log');
  writeAnswer(out, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  const verifierKey = parseSignerKey(secret).verifier.text;
  const variable = witness ? 'KWOTA_AUDIT_WITNESS_KEY_FILE' : 'KWOTA_AUDIT_KEY_FILE';
  return done({ verifierKey, file: out }, [`verifier key, for everybody: ${verifierKey}`, `secret key, for ${variable}: ${out}`].join('\n'));
};
