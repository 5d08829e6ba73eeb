import { exportLines } from '@kwota/audit-log/audit-export';
import type { StoredEvent } from '@kwota/event-store';
import { createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { onSource, type AuditContext } from '../audit-source/audit-source.js';
import { done, type Report } from '../report.js';
import { NotWritten } from '../write-answer.js';
import { beancountJournal, csvLines, hledgerJournal, ledgerJournal } from './accounting-formats.js';
import { transactionsOf } from './double-entry.js';

export const exportFormats = ['jsonl', 'hledger', 'ledger', 'beancount', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];
export type ExportOptions = Readonly<{ format: ExportFormat; out: string; export?: string }>;

const linesOf: Record<ExportFormat, (events: AsyncIterable<StoredEvent>) => AsyncIterable<string>> = {
  jsonl: exportLines,
  hledger: (events) => hledgerJournal(transactionsOf(events)),
  ledger: (events) => ledgerJournal(transactionsOf(events)),
  beancount: (events) => beancountJournal(transactionsOf(events)),
  csv: (events) => csvLines(transactionsOf(events)),
};

/** Written beside its place first: a file of that name is always whole. */
export const exportCommand = (context: AuditContext, { format, out, export: exportFile }: ExportOptions): Promise<Report> =>
  onSource(context, exportFile, async (source) => {
    let count = 0;
    async function* counted(): AsyncGenerator<StoredEvent> {
      for await (const event of source.readAll()) {
        count += 1;
        yield event;
      }
    }
    const partial = `${out}.partial`;
    try {
      await pipeline(Readable.from(inBlocks(linesOf[format](counted()))), createWriteStream(partial));
      renameSync(partial, out);
    } catch (error) {
      rmSync(partial, { force: true });
      const { path, syscall } = error as NodeJS.ErrnoException;
      throw path === partial || syscall === 'write' ? new NotWritten(out, error as NodeJS.ErrnoException) : error;
    }
    const { size } = statSync(out);
    return done({ file: out, format, events: count, bytes: size }, `${count} events of ${source.shown} in ${out} (${format}, ${size} bytes)`);
  });

const blockLength = 1 << 16;

/** Line by line costs a turn of the stream each. */
async function* inBlocks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let block = '';
  for await (const line of lines) {
    block += line;
    if (block.length < blockLength) continue;
    yield block;
    block = '';
  }
  yield block;
}
