import { Delete, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery } from '@nestjs/swagger';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { ReadMessagesClient, type OutgoingFilters } from './read-messages.client.js';
import { V6Controller } from '../v6/v6-controller.js';

@V6Controller('sms/:serviceName')
export class ReadMessagesController {
  constructor(
    private readonly messages: ReadMessagesClient,
    private readonly users: ApiUsersClient,
  ) {}

  @Get('outgoing')
  @ApiOperation({ summary: "Ids of the account's messages" })
  @ApiQuery({ name: 'ptt', required: false })
  @ApiQuery({ name: 'deliveryReceipt', required: false })
  @ApiQuery({ name: 'receiver', required: false })
  @ApiQuery({ name: 'sender', required: false })
  @ApiQuery({ name: 'tag', required: false })
  outgoing(@Param('serviceName') account: string, @Query() filters: OutgoingFilters) {
    return this.messages.ids(account, undefined, false, filters);
  }

  @Get('outgoing/:id')
  @ApiOperation({ summary: 'One message with its state' })
  async outgoingOne(@Param('serviceName') account: string, @Param('id') id: string) {
    return this.messages.outgoing(await this.messages.find(account, undefined, id));
  }

  @Delete('outgoing/:id')
  @ApiOperation({ summary: 'Take an ended message out of the history' })
  async deleteOutgoing(@Param('serviceName') account: string, @Param('id') id: string): Promise<null> {
    await this.messages.delete(account, undefined, id);
    return null;
  }

  @Get('jobs')
  @ApiOperation({ summary: 'Ids of messages not yet sent' })
  jobs(@Param('serviceName') account: string) {
    return this.messages.ids(account, undefined, true, {});
  }

  @Get('jobs/:id')
  @ApiOperation({ summary: 'One message not yet sent' })
  async job(@Param('serviceName') account: string, @Param('id') id: string) {
    return this.messages.job(await this.messages.find(account, undefined, id));
  }

  @Get('users/:login/outgoing')
  @ApiOperation({ summary: "Ids of a user's messages" })
  async userOutgoing(@Param('serviceName') account: string, @Param('login') login: string, @Query() filters: OutgoingFilters) {
    return this.messages.ids(account, await this.userId(account, login), false, filters);
  }

  @Get('users/:login/outgoing/:id')
  @ApiOperation({ summary: "One of a user's messages with its state" })
  async userOutgoingOne(@Param('serviceName') account: string, @Param('login') login: string, @Param('id') id: string) {
    return this.messages.outgoing(await this.messages.find(account, await this.userId(account, login), id));
  }

  @Delete('users/:login/outgoing/:id')
  @ApiOperation({ summary: "Take a user's ended message out of the history" })
  async deleteUserOutgoing(@Param('serviceName') account: string, @Param('login') login: string, @Param('id') id: string): Promise<null> {
    await this.messages.delete(account, await this.userId(account, login), id);
    return null;
  }

  @Get('users/:login/jobs')
  @ApiOperation({ summary: "Ids of a user's messages not yet sent" })
  async userJobs(@Param('serviceName') account: string, @Param('login') login: string) {
    return this.messages.ids(account, await this.userId(account, login), true, {});
  }

  @Get('users/:login/jobs/:id')
  @ApiOperation({ summary: "One of a user's messages not yet sent" })
  async userJob(@Param('serviceName') account: string, @Param('login') login: string, @Param('id') id: string) {
    return this.messages.job(await this.messages.find(account, await this.userId(account, login), id));
  }

  private async userId(account: string, login: string): Promise<string> {
    return (await this.users.one(account, login)).userId;
  }
}
