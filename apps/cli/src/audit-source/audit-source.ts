// Where an audit reads from: the ledger's own store, beside it and never writing, or an export alone.
import { isExport, readExport } from '@kwota/audit-log/audit-export';
import type { EventReader, StoredEvent } from '@kwota/event-store';
import { mayPass } from '@kwota/service-kit/needs';
import { existsSync } from 'node:fs';
import { eventsLocationOf, isServer, shownLocation, type CliConfig } from '../cli.config.js';
import { exitCodes, misused, type Report } from '../report.js';
import { NotWritten } from '../write-answer.js';
import { withProgress, type ShowProgress } from './progress.js';

/** Opens events, by file or URL, without a way to change them; main.ts names the adapter. */
export type OpenEvents = (location: string) => Promise<EventReader>;

/** What every command of an audit is given. */
export type AuditContext = Readonly<{ config: CliConfig; openEvents: OpenEvents; showProgress: ShowProgress | undefined }>;

export type AuditSource = Readonly<{
  /** Without a password. */
  shown: string;
  isExport: boolean;
  readAll(): AsyncIterable<StoredEvent>;
}>;

/**
 * Runs `work` on an export where one is named, else on the ledger's store. A source that is not there is a mistake of the command line; one that
 * cannot be read is a finding, not a crash of the auditor; a server that nobody answers at says nothing about the events.
 */
export const onSource = (context: AuditContext, exportFile: string | undefined, work: (source: AuditSource) => Promise<Report>): Promise<Report> => {
  const location = exportFile ?? eventsLocationOf(context.config);
  if (location === undefined) return Promise.resolve(misused('KWOTA_EVENT_STORE_URL: this version reads only sqlite:, postgres:// and kurrentdb://'));
  return onLocation(context, location, work, exportFile === undefined ? ' (KWOTA_DATA_DIR, KWOTA_EVENT_STORE_URL, --export)' : '');
};

/** The same for any export, file or URL that is named; `hint` says by what else it could be. */
export const onLocation = async (context: AuditContext, location: string, work: (source: AuditSource) => Promise<Report>, hint = ''): Promise<Report> => {
  const path = location.replace(/^sqlite:(?:\/\/)?/, '');
  const shown = shownLocation(path);
  if (!isServer(path) && !existsSync(path)) return misused(`no events: ${shown} is not there${hint}`);
  try {
    if (!isServer(path) && (await isExport(path)))
      return await work({ shown, isExport: true, readAll: () => withProgress(readExport(path), undefined, context.showProgress) });
    return await onStore(context, path, work);
  } catch (error) {
    if (error instanceof NotWritten) throw error;
    const { message } = error as Error;
    if (isServer(path) && mayPass(error as Error)) return { exitCode: exitCodes.unreachable, json: { outcome: 'unreachable', location: shown, message }, text: `${shown} does not answer: ${message}` };
    return { exitCode: exitCodes.refused, json: { outcome: 'unreadable', location: shown, message }, text: `${shown} cannot be read: ${message}` };
  }
};

const onStore = async ({ openEvents, showProgress }: AuditContext, location: string, work: (source: AuditSource) => Promise<Report>): Promise<Report> => {
  const reader = await openEvents(location);
  try {
    const count = async (): Promise<number> => (await reader.streams()).reduce((sum, { revision }) => sum + revision + 1, 0);
    const total = showProgress ? await count() : undefined;
    return await work({ shown: shownLocation(location), isExport: false, readAll: () => withProgress(reader.readAll(), total, showProgress) });
  } finally {
    await reader.close();
  }
};
