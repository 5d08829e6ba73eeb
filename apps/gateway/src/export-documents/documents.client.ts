import { Injectable } from '@nestjs/common';
import { textFilter, timeFilter } from '../edge/query-filters.js';
import { HistoryCsvClient } from '../export-history/history-csv.client.js';
import { incomingTagFilter } from '../read-incoming/incoming.client.js';
import { badRequest, objectUnknown } from '../v6/ovh-error.js';
import { DocumentIds, documentLifetimeMs, type DocumentOf } from './document-ids.js';

export type DocumentQuery = Readonly<Partial<Record<'wayType' | 'tag' | 'batchID' | 'creationDatetime.from' | 'creationDatetime.to', string>>>;

/** Exports of the history as OVH gives them: an id, then a document with size and URL, then the CSV (OVH.md 1.3). */
@Injectable()
export class DocumentsClient {
  constructor(
    private readonly history: HistoryCsvClient,
    private readonly ids: DocumentIds,
  ) {}

  /** @param userId undefined: the whole account. */
  issue(account: string, userId: string | undefined, query: DocumentQuery): string {
    const { wayType, tag, batchID } = query;
    if (wayType !== 'incoming' && wayType !== 'outgoing') throw badRequest('wayType must be incoming or outgoing');
    return this.ids.issue({
      account,
      wayType,
      ...(userId === undefined ? {} : { userId }),
      // There are no batches: no message is of one.
      ...(batchID ? { empty: true } : {}),
      ...(wayType === 'incoming' ? incomingTagFilter(tag) : textFilter('tag', tag)),
      ...timeFilter('fromMs', 'creationDatetime.from', query['creationDatetime.from']),
      ...timeFilter('toMs', 'creationDatetime.to', query['creationDatetime.to']),
    });
  }

  /** @throws OvhError 404 for an id that is nobody's, or too old. */
  find(id: string): DocumentOf {
    const document = this.ids.read(id);
    if (!document) throw objectUnknown();
    return document;
  }

  /** nichandle.Document: the size is that of the CSV as it would be now. */
  async show(id: string, publicUrl: string) {
    const document = this.find(id);
    let size = 0;
    for await (const piece of this.csv(document)) size += Buffer.byteLength(piece);
    const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, '+00:00');
    return {
      id,
      name: `${document.account}-${document.wayType}.csv`,
      creationDate: iso(document.createdAtMs),
      expirationDate: iso(document.createdAtMs + documentLifetimeMs),
      size,
      getUrl: `${publicUrl}/document/${id}`,
      putUrl: null,
      tags: [],
    };
  }

  csv({ account, userId, wayType, empty, tag, fromMs, toMs }: DocumentOf): AsyncGenerator<string> {
    const filter = { account, ...(userId === undefined ? {} : { userId }), ...(tag === undefined ? {} : { tag }), ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
    if (empty) return this.history.none(wayType);
    return wayType === 'incoming' ? this.history.incoming(filter) : this.history.outgoing(filter);
  }
}
