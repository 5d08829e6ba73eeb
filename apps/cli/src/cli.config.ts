import { list, optional, readConfig, secret, text } from '@kwota/service-kit/config';
import { isKurrentUrl, isPostgresUrl } from '@kwota/service-kit/needs';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

export const cliSettings = {
  url: optional('KWOTA_URL'),
  operatorToken: secret('KWOTA_OPERATOR_TOKEN', ''),
  dataDir: text('KWOTA_DATA_DIR', './data'),
  eventStoreUrl: optional('KWOTA_EVENT_STORE_URL'),
  auditKey: secret('KWOTA_AUDIT_KEY', ''),
  auditKeyFile: optional('KWOTA_AUDIT_KEY_FILE'),
  witnessKey: secret('KWOTA_AUDIT_WITNESS_KEY', ''),
  witnessKeyFile: optional('KWOTA_AUDIT_WITNESS_KEY_FILE'),
  /** Whose checkpoints an auditor takes: verifier keys, by commas. */
  verifierKeys: list('KWOTA_AUDIT_VERIFIER_KEYS'),
} as const;

export const readCliConfig = (environment: NodeJS.ProcessEnv) => readConfig(environment, cliSettings);
export type CliConfig = ReturnType<typeof readCliConfig>;

const firstStart = z.object({ url: z.url(), operatorToken: z.string().min(1) });

/** `namedBy` tells an operator where to look when nobody answers there. */
export type Installation = Readonly<{ found: true; url: string; operatorToken: string; namedBy: string }> | Readonly<{ found: false; reason: string }>;

/**
 * The running Kwota to talk to: KWOTA_URL with KWOTA_OPERATOR_TOKEN, else what the first start wrote down. The written token never goes to
 * a KWOTA_URL: that may be another installation.
 */
export const findInstallation = ({ url, operatorToken, dataDir }: CliConfig): Installation => {
  if (url !== undefined) {
    if (!URL.canParse(url)) return { found: false, reason: 'KWOTA_URL is not a URL' };
    if (!operatorToken) return { found: false, reason: 'KWOTA_URL needs KWOTA_OPERATOR_TOKEN beside it' };
    return { found: true, url, operatorToken, namedBy: 'KWOTA_URL' };
  }
  const file = join(dataDir, 'first-start.json');
  if (!existsSync(file)) return { found: false, reason: `no installation: neither KWOTA_URL nor ${file} is there` };
  const written = firstStart.safeParse(parsedJson(readFileSync(file, 'utf8')));
  if (!written.success) return { found: false, reason: `${file} does not name an installation` };
  return { found: true, url: written.data.url, operatorToken: operatorToken || written.data.operatorToken, namedBy: file };
};

/** A URL of a server; else it is a file. */
export const isServer = (location: string): boolean => isPostgresUrl(location) || isKurrentUrl(location);

/** Where the ledger's events lie: a file, or the URL of a server; undefined for a store that this version cannot read. */
export const eventsLocationOf = ({ eventStoreUrl, dataDir }: CliConfig): string | undefined => {
  const defaultFile = join(dataDir, 'ledger', 'events.db');
  if (!eventStoreUrl || isServer(eventStoreUrl)) return eventStoreUrl || defaultFile;
  return eventStoreUrl.startsWith('sqlite:') ? eventStoreUrl.replace(/^sqlite:(?:\/\/)?/, '') || defaultFile : undefined;
};

/** For the screen: without user and password. */
export const shownLocation = (location: string): string => location.replace(/(?<=:\/\/)[^@/]*@/, '');

const parsedJson = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    // What JSON.parse quotes may be a secret: the caller names the file instead.
    return undefined;
  }
};
