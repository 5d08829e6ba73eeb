import { Controller, Get, Param, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { csvFile } from '../export-history/csv-file.js';
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
    return csvFile(this.documents.csv(document), `${document.account}-${document.wayType}`);
  }
}
