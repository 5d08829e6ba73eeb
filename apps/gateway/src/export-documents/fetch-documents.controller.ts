import { Controller, Get, Param, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Readable } from 'node:stream';
import { DocumentsClient } from './documents.client.js';

/** `getUrl` of a document: its address is the right to fetch it, for a day. */
@ApiTags('v6')
@Controller('document')
export class FetchDocumentsController {
  constructor(private readonly documents: DocumentsClient) {}

  @Get(':id')
  @ApiOperation({ summary: 'A document as CSV' })
  @ApiProduces('text/csv')
  @ApiOkResponse({ schema: { type: 'string' } })
  async fetch(@Param('id') id: string): Promise<StreamableFile> {
    const document = this.documents.find(id);
    const pieces = this.documents.csv(document);
    // Whatever fails at its beginning is told as an error, not as half a file.
    const [first, second] = [await pieces.next(), await pieces.next()];
    const whole = async function* (): AsyncGenerator<string> {
      for (const { value, done } of [first, second]) if (!done) yield value;
      yield* pieces;
    };
    const disposition = `attachment; filename="${document.account}-${document.wayType}.csv"`;
    return new StreamableFile(Readable.from(whole()), { type: 'text/csv; charset=utf-8', disposition });
  }
}
