import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createSecureContext, type Server } from 'node:tls';
import type { Logger } from '@kwota/service-kit/logger';

/** By looking, not by the system's notices: those miss a link that leads elsewhere, as certificates are changed in containers. */
const lookIntervalMs = 2_000;

/** New connections get the certificate that lies in the files; one that cannot be used leaves the one before. Returns what ends it. */
export const followTlsFiles = (server: Pick<Server, 'setSecureContext'>, { cert, key }: { cert: string; key: string }, log: Logger): (() => void) => {
  const reload = (): void => {
    try {
      const pems = { cert: readFileSync(cert), key: readFileSync(key) };
      createSecureContext(pems);
      server.setSecureContext(pems);
      log.info({ cert }, 'the TLS certificate was read again');
    } catch (error) {
      // Between the writing of the two files they do not belong together; the next change is read again.
      log.warn({ cert, err: { type: (error as Error).name } }, 'the TLS certificate cannot be used, the one before goes on');
    }
  };
  for (const file of [cert, key]) watchFile(file, { interval: lookIntervalMs, persistent: false }, (now, before) => now.mtimeMs !== before.mtimeMs && reload());
  return () => {
    for (const file of [cert, key]) unwatchFile(file);
  };
};
