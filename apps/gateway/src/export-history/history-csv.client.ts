import { exportMessages } from '@kwota/contracts/dlr.requests.v1';
import { exportIncomingMessages } from '@kwota/contracts/phones.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { GatewaySettings } from '../edge/gateway-settings.js';
import { csvHeader, csvRow, incomingCsvHeader, incomingCsvRow } from './messages.csv.js';

/** A page of messages with their texts stays well below a message of the log. */
const rowsPerPage = 300;
/** 30 MB of CSV; whoever has more asks for shorter times. */
export const rowsPerFileMax = 100_000;

type Asked<Contract extends Readonly<{ message: (request: never, metadata: never) => unknown }>> = Parameters<Contract['message']>[0];
export type OutgoingFilter = Omit<Asked<typeof exportMessages>, 'afterMessageId' | 'limit'>;
export type IncomingFilter = Omit<Asked<typeof exportIncomingMessages>, 'afterId' | 'limit'>;

/** The history as CSV, the oldest first, in pieces: a header, then a page at a time. */
@Injectable()
export class HistoryCsvClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly settings: GatewaySettings,
  ) {}

  /** Messages handed over or ended, as OVH's documents have them. */
  async *outgoing(filter: OutgoingFilter): AsyncGenerator<string> {
    yield csvHeader;
    yield* this.pages(csvRow, ({ messageId }) => messageId, async (afterMessageId, limit) => (await this.requests.ask(exportMessages, { ...filter, afterMessageId, limit })).messages);
  }

  /** Messages from phones. */
  async *incoming(filter: IncomingFilter): AsyncGenerator<string> {
    yield incomingCsvHeader;
    yield* this.pages(incomingCsvRow, ({ id }) => id, async (afterId, limit) => (await this.requests.ask(exportIncomingMessages, { ...filter, afterId, limit })).messages);
  }

  /** A file without a line. */
  async *none(wayType: 'incoming' | 'outgoing'): AsyncGenerator<string> {
    yield wayType === 'incoming' ? incomingCsvHeader : csvHeader;
  }

  private async *pages<Row>(lineOf: (row: Row, timeZone: string) => string, idOf: (row: Row) => number, pageBehind: (id: number, limit: number) => Promise<readonly Row[]>): AsyncGenerator<string> {
    let last = 0;
    for (let left = rowsPerFileMax; left > 0; left -= rowsPerPage) {
      const limit = Math.min(rowsPerPage, left);
      const page = await pageBehind(last, limit);
      yield page.map((row) => lineOf(row, this.settings.timeZone)).join('');
      const [end] = page.slice(-1);
      if (page.length < limit || end === undefined) return;
      last = idOf(end);
    }
  }
}
