import type { AuditContext } from '../audit-source/audit-source.js';
import { signerKeysOf } from '../audit-source/known-keys.js';
import { done, misused, type Report } from '../report.js';

/** What anybody may know of the secret keys that are configured here. */
export const verifierKeysCommand = async ({ config }: AuditContext): Promise<Report> => {
  const [log, witness] = [signerKeysOf(config, 'log'), signerKeysOf(config, 'witness')];
  if (!log.ok) return misused(log.message);
  if (!witness.ok) return misused(witness.message);
  const keys = [...log.keys, ...witness.keys].map(({ kind, verifier }) => ({ kind, verifierKey: verifier.text }));
  return keys.length === 0
    ? misused('no key: KWOTA_AUDIT_KEY or KWOTA_AUDIT_WITNESS_KEY, or either with _FILE')
    : done(keys, keys.map(({ verifierKey }) => verifierKey).join('\n'));
};
