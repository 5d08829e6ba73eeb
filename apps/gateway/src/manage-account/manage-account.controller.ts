import { Body, Get, Param, Put, Req } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { OwnedRequest } from '../v6/owner.guard.js';
import { ChangeAccountDto } from './account.dto.js';
import { AccountsClient } from './accounts.client.js';
import { V6Controller } from '../v6/v6-controller.js';

@V6Controller('sms')
export class ManageAccountController {
  constructor(private readonly accounts: AccountsClient) {}

  @Get()
  @ApiOperation({ summary: "The owner's SMS accounts" })
  list(@Req() { owner }: OwnedRequest): readonly string[] {
    return owner?.accounts ?? [];
  }

  @Get(':serviceName')
  @ApiOperation({ summary: 'An SMS account with its credit' })
  show(@Param('serviceName') account: string) {
    return this.accounts.show(account);
  }

  @Put(':serviceName')
  @ApiOperation({ summary: 'Change an SMS account; what is left out stays' })
  async change(@Param('serviceName') account: string, @Body() body: ChangeAccountDto): Promise<null> {
    await this.accounts.change(account, body);
    return null;
  }
}
