import { NotAKey, parseSignerKeys, type SignerKey } from '@kwota/audit-log/note-keys';
import { readFileSync } from 'node:fs';
import type { LedgerConfig } from '../ledger.config.js';

/** Left out by who starts a ledger without sealing. */
export type SealingConfig = Partial<Pick<LedgerConfig, 'auditKey' | 'auditKeyFile' | 'auditSealIntervalMs'>>;

/** The keys to sign with; none: nothing is sealed. @throws Error that names the variable, and never the key. */
export const sealingKeys = ({ auditKey, auditKeyFile }: SealingConfig): readonly SignerKey[] => {
  if (auditKey && auditKeyFile) throw new Error('KWOTA_AUDIT_KEY and KWOTA_AUDIT_KEY_FILE: only one of them');
  if (!auditKey && !auditKeyFile) return [];
  try {
    const keys = parseSignerKeys(auditKeyFile ? readFileSync(auditKeyFile, 'utf8') : (auditKey ?? ''));
    if (keys.some(({ kind }) => kind !== 'log')) throw new NotAKey('the key of a witness does not sign checkpoints');
    return keys;
  } catch (error) {
    throw new Error(`${auditKeyFile ? 'KWOTA_AUDIT_KEY_FILE' : 'KWOTA_AUDIT_KEY'}: ${(error as Error).message}`, { cause: error });
  }
};
