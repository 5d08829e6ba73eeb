import { Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery } from '@nestjs/swagger';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { V6Controller } from '../v6/v6-controller.js';
import { DocumentsClient, type DocumentQuery } from './documents.client.js';

@V6Controller('sms/:serviceName')
export class ExportDocumentsController {
  constructor(
    private readonly documents: DocumentsClient,
    private readonly users: ApiUsersClient,
  ) {}

  @Get('document')
  @ApiOperation({ summary: "The id of a document with the account's messages, to be read at /me/document" })
  @ApiQuery({ name: 'wayType', enum: ['outgoing', 'incoming'], required: true })
  @ApiQuery({ name: 'tag', required: false })
  @ApiQuery({ name: 'creationDatetime.from', required: false, schema: { type: 'string', format: 'date-time' } })
  @ApiQuery({ name: 'creationDatetime.to', required: false, schema: { type: 'string', format: 'date-time' } })
  @ApiOkResponse({ type: String })
  ofAccount(@Param('serviceName') account: string, @Query() query: DocumentQuery): string {
    return this.documents.issue(account, undefined, query);
  }

  @Get('users/:login/document')
  @ApiOperation({ summary: "The id of a document with a user's messages, to be read at /me/document" })
  @ApiQuery({ name: 'wayType', enum: ['outgoing', 'incoming'], required: true })
  @ApiQuery({ name: 'tag', required: false })
  @ApiQuery({ name: 'creationDatetime.from', required: false, schema: { type: 'string', format: 'date-time' } })
  @ApiQuery({ name: 'creationDatetime.to', required: false, schema: { type: 'string', format: 'date-time' } })
  @ApiOkResponse({ type: String })
  async ofUser(@Param('serviceName') account: string, @Param('login') login: string, @Query() query: DocumentQuery): Promise<string> {
    const { userId } = await this.users.one(account, login);
    return this.documents.issue(account, userId, query);
  }
}
