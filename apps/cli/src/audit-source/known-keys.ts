import { NotAKey, parseSignerKeys, parseVerifierKey, type KeyKind, type SignerKey, type VerifierKey } from '@kwota/audit-log/note-keys';
import { existsSync, readFileSync } from 'node:fs';
import type { CliConfig } from '../cli.config.js';

export type KeysOr<Keys> = Readonly<{ ok: true; keys: Keys }> | Readonly<{ ok: false; message: string }>;

/**
 * Whose signatures count: the keys on the command line (texts, or files of them), else KWOTA_AUDIT_VERIFIER_KEYS, else on the operator's own machine
 * those that belong to its secret keys.
 */
export const verifierKeysOf = (config: CliConfig, given: readonly string[] = []): KeysOr<readonly VerifierKey[]> => {
  const texts = given.length > 0 ? given : config.verifierKeys;
  try {
    const keys = texts.flatMap((text) =>
      (existsSync(text) ? readFileSync(text, 'utf8') : text)
        .split(/[\s,]+/)
        .filter(Boolean)
        .map(parseVerifierKey),
    );
    if (keys.length > 0) return { ok: true, keys };
  } catch (error) {
    if (error instanceof NotAKey) return { ok: false, message: `a verifier key is wrong: ${error.message}` };
    throw error;
  }
  const own = signerKeysOf(config, 'log');
  return own.ok ? { ok: true, keys: own.keys.map(({ verifier }) => verifier) } : own;
};

const variables: Record<KeyKind, 'KWOTA_AUDIT_KEY' | 'KWOTA_AUDIT_WITNESS_KEY'> = { log: 'KWOTA_AUDIT_KEY', witness: 'KWOTA_AUDIT_WITNESS_KEY' };

/** Secret keys by the environment or by the file that it names; none where neither is set. */
export const signerKeysOf = (config: CliConfig, kind: KeyKind): KeysOr<readonly SignerKey[]> => {
  const [text, file] = kind === 'log' ? [config.auditKey, config.auditKeyFile] : [config.witnessKey, config.witnessKeyFile];
  if (!text && !file) return { ok: true, keys: [] };
  const variable = `${variables[kind]}${file ? '_FILE' : ''}`;
  if (text && file) return { ok: false, message: `${variables[kind]} and ${variable}: only one of them` };
  if (file && !existsSync(file)) return { ok: false, message: `${variable}: ${file} is not there` };
  try {
    const keys = parseSignerKeys(file ? readFileSync(file, 'utf8') : text);
    return keys.every((key) => key.kind === kind) ? { ok: true, keys } : { ok: false, message: `${variable}: it is not the key of a ${kind}` };
  } catch (error) {
    if (error instanceof NotAKey) return { ok: false, message: `${variable}: ${error.message}` };
    throw error;
  }
};
