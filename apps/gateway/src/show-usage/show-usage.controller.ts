import { Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiQuery } from '@nestjs/swagger';
import type { HttpReply } from '../edge/http.js';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { OperatorRoutes } from '../operator/operator-routes.js';
import { badRequest } from '../v6/ovh-error.js';
import { V6Controller } from '../v6/v6-controller.js';
import { UsageClient, usageCsv, type UsageOfUser } from './usage.client.js';
import { UsageView } from './usage.dto.js';

type UsageQuery = Readonly<{ from?: string; to?: string; format?: string }>;

/** As JSON, or with `format=csv` for a spreadsheet. */
const inFormat = (usage: UsageOfUser[], format: string | undefined, reply: HttpReply): UsageOfUser[] | string => {
  if (format !== undefined && format !== 'json' && format !== 'csv') throw badRequest('format must be json or csv');
  if (format !== 'csv') return usage;
  reply.header('content-type', 'text/csv; charset=utf-8');
  return usageCsv(usage);
};

/** Our extension to OVH's routes: usage of each user over a time. */
@V6Controller('sms/:serviceName')
export class ShowUsageController {
  constructor(
    private readonly usage: UsageClient,
    private readonly users: ApiUsersClient,
  ) {}

  @Get('usage')
  @ApiOperation({ summary: 'What each user sent in a period, the last thirty days where none is given' })
  @ApiQuery({ name: 'from', required: false, schema: { type: 'string', format: 'date-time' } })
  @ApiQuery({ name: 'to', required: false, schema: { type: 'string', format: 'date-time' } })
  @ApiQuery({ name: 'format', required: false, enum: ['json', 'csv'] })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: [UsageView] })
  async ofAccount(@Param('serviceName') account: string, @Query() { format, ...period }: UsageQuery, @Res({ passthrough: true }) reply: HttpReply) {
    return inFormat(await this.usage.show(account, undefined, period), format, reply);
  }

  @Get('users/:login/usage')
  @ApiOperation({ summary: 'What a user sent in a period' })
  @ApiQuery({ name: 'from', required: false, schema: { type: 'string', format: 'date-time' } })
  @ApiQuery({ name: 'to', required: false, schema: { type: 'string', format: 'date-time' } })
  @ApiQuery({ name: 'format', required: false, enum: ['json', 'csv'] })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: [UsageView] })
  async ofUser(@Param('serviceName') account: string, @Param('login') login: string, @Query() { format, ...period }: UsageQuery, @Res({ passthrough: true }) reply: HttpReply) {
    const { userId } = await this.users.one(account, login);
    return inFormat(await this.usage.show(account, userId, period), format, reply);
  }
}

@OperatorRoutes('accounts/:serviceName/usage')
export class OperatorUsageController {
  constructor(private readonly usage: UsageClient) {}

  @Get()
  @ApiOperation({ summary: 'What each user sent in a period, the last thirty days where none is given' })
  @ApiQuery({ name: 'from', required: false, schema: { type: 'string', format: 'date-time' } })
  @ApiQuery({ name: 'to', required: false, schema: { type: 'string', format: 'date-time' } })
  @ApiQuery({ name: 'format', required: false, enum: ['json', 'csv'] })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: [UsageView] })
  async ofAccount(@Param('serviceName') account: string, @Query() { format, ...period }: UsageQuery, @Res({ passthrough: true }) reply: HttpReply) {
    return inFormat(await this.usage.show(account, undefined, period), format, reply);
  }
}
