import { Body, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiUserView, ChangeApiUserDto, CreateApiUserDto } from './api-user.dto.js';
import { ApiUsersClient } from './api-users.client.js';
import { Names, type NewNames } from '../repeat-calls/new-names.js';
import { OncePerKey } from '../repeat-calls/once-per-key.js';
import { V6Controller } from '../v6/v6-controller.js';

/** Void answers are 200 with `null`, the form that every client takes (OVH.md 1.3). */
@V6Controller('sms/:serviceName/users')
export class ManageUsersController {
  constructor(private readonly users: ApiUsersClient) {}

  @Get()
  @ApiOperation({ summary: 'Logins of the API users' })
  @ApiOkResponse({ type: [String] })
  list(@Param('serviceName') account: string): Promise<string[]> {
    return this.users.logins(account);
  }

  @Post()
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'Create an API user' })
  async create(@Param('serviceName') account: string, @Body() body: CreateApiUserDto, @Names() names: NewNames): Promise<null> {
    await this.users.create(account, body, names);
    return null;
  }

  @Get(':login')
  @ApiOperation({ summary: 'An API user with its quota, alert threshold, IP addresses and callbacks' })
  @ApiOkResponse({ type: ApiUserView })
  show(@Param('serviceName') account: string, @Param('login') login: string): Promise<ApiUserView> {
    return this.users.show(account, login);
  }

  @Put(':login')
  @OncePerKey()
  @ApiOperation({ summary: 'Change an API user; what is left out stays' })
  async change(@Param('serviceName') account: string, @Param('login') login: string, @Body() body: ChangeApiUserDto): Promise<null> {
    await this.users.change(account, login, body);
    return null;
  }

  @Delete(':login')
  @ApiOperation({ summary: 'Delete an API user; what is left of its quota returns to the account' })
  async delete(@Param('serviceName') account: string, @Param('login') login: string): Promise<null> {
    await this.users.delete(account, login);
    return null;
  }
}
