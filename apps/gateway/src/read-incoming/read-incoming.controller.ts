import { Delete, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery } from '@nestjs/swagger';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { V6Controller } from '../v6/v6-controller.js';
import { IncomingClient, type IncomingFilters } from './incoming.client.js';

@V6Controller('sms/:serviceName')
export class ReadIncomingController {
  constructor(
    private readonly incoming: IncomingClient,
    private readonly users: ApiUsersClient,
  ) {}

  @Get('incoming')
  @ApiOperation({ summary: 'Ids of messages from phones' })
  @ApiQuery({ name: 'sender', required: false })
  @ApiQuery({ name: 'tag', required: false })
  @ApiQuery({ name: 'creationDatetime.from', required: false })
  @ApiQuery({ name: 'creationDatetime.to', required: false })
  list(@Param('serviceName') account: string, @Query() filters: IncomingFilters) {
    return this.incoming.ids(account, undefined, filters);
  }

  @Get('incoming/:id')
  @ApiOperation({ summary: 'One message from a phone' })
  one(@Param('serviceName') account: string, @Param('id') id: string) {
    return this.incoming.find(account, undefined, id);
  }

  @Delete('incoming/:id')
  @ApiOperation({ summary: 'Delete a message from a phone; a STOP stays' })
  async delete(@Param('serviceName') account: string, @Param('id') id: string): Promise<null> {
    await this.incoming.delete(account, undefined, id);
    return null;
  }

  @Get('users/:login/incoming')
  @ApiOperation({ summary: "Ids of answers to a user's messages" })
  @ApiQuery({ name: 'sender', required: false })
  @ApiQuery({ name: 'tag', required: false })
  async listOfUser(@Param('serviceName') account: string, @Param('login') login: string, @Query() filters: IncomingFilters) {
    return this.incoming.ids(account, await this.userId(account, login), filters);
  }

  @Get('users/:login/incoming/:id')
  @ApiOperation({ summary: "One answer to a user's message" })
  async oneOfUser(@Param('serviceName') account: string, @Param('login') login: string, @Param('id') id: string) {
    return this.incoming.find(account, await this.userId(account, login), id);
  }

  @Delete('users/:login/incoming/:id')
  @ApiOperation({ summary: "Delete an answer to a user's message" })
  async deleteOfUser(@Param('serviceName') account: string, @Param('login') login: string, @Param('id') id: string): Promise<null> {
    await this.incoming.delete(account, await this.userId(account, login), id);
    return null;
  }

  private async userId(account: string, login: string): Promise<string> {
    return (await this.users.one(account, login)).userId;
  }
}
