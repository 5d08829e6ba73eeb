import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OwnerGuard } from '../v6/owner.guard.js';
import { ApiUserView, ChangeApiUserDto, CreateApiUserDto } from './api-user.dto.js';
import { ApiUsersClient } from './api-users.client.js';

/** Void answers are 200 with `null`, the form that every client takes (OVH.md 1.3). */
@ApiTags('v6')
@Controller(['1.0/sms/:serviceName/users', 'v1/sms/:serviceName/users'])
@UseGuards(OwnerGuard)
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
  @ApiOperation({ summary: 'Create an API user' })
  async create(@Param('serviceName') account: string, @Body() body: CreateApiUserDto): Promise<null> {
    await this.users.create(account, body);
    return null;
  }

  @Get(':login')
  @ApiOperation({ summary: 'An API user with its quota, alert threshold, IP addresses and callbacks' })
  @ApiOkResponse({ type: ApiUserView })
  show(@Param('serviceName') account: string, @Param('login') login: string): Promise<ApiUserView> {
    return this.users.show(account, login);
  }

  @Put(':login')
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
