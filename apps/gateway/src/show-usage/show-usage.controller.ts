import { applyDecorators, Get, Injectable, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiQuery } from '@nestjs/swagger';
import type { HttpReply } from '../edge/http.js';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { OperatorRoutes } from '../operator/operator-routes.js';
import { badRequest } from '../v6/ovh-error.js';
import { V6Controller } from '../v6/v6-controller.js';
import { UsageClient, usageCsv, type UsageOfUser } from './usage.client.js';
import { UsageView } from './usage.dto.js';

type UsageQuery = Readonly<{ from?: string; to?: string; format?: string }>;

const UsageRoute = (path: string, summary: string): MethodDecorator =>
  applyDecorators(
    Get(path),
    ApiOperation({ summary }),
    ApiQuery({ name: 'from', required: false, schema: { type: 'string', format: 'date-time' } }),
    ApiQuery({ name: 'to', required: false, schema: { type: 'string', format: 'date-time' } }),
    ApiQuery({ name: 'format', required: false, enum: ['json', 'csv'] }),
    ApiProduces('application/json', 'text/csv'),
    ApiOkResponse({ type: [UsageView] }),
  );

/** As JSON, or with `format=csv` for a spreadsheet. */
const inFormat = (usage: UsageOfUser[], format: string | undefined, reply: HttpReply): UsageOfUser[] | string => {
  if (format !== undefined && format !== 'json' && format !== 'csv') throw badRequest('format must be json or csv');
  if (format !== 'csv') return usage;
  reply.header('content-type', 'text/csv; charset=utf-8');
  return usageCsv(usage);
};

/** Usage of each user over a time: the same for owner and operator. Injectable, so that Nest sees what those who extend it take. */
@Injectable()
abstract class UsageRoutes {
  constructor(
    private readonly usage: UsageClient,
    private readonly users: ApiUsersClient,
  ) {}

  @UsageRoute('usage', 'What each user sent in a period, the last thirty days where none is given')
  async ofAccount(@Param('serviceName') account: string, @Query() { format, ...period }: UsageQuery, @Res({ passthrough: true }) reply: HttpReply) {
    return inFormat(await this.usage.show(account, undefined, period), format, reply);
  }

  @UsageRoute('users/:login/usage', 'What a user sent in a period')
  async ofUser(@Param('serviceName') account: string, @Param('login') login: string, @Query() { format, ...period }: UsageQuery, @Res({ passthrough: true }) reply: HttpReply) {
    const { userId } = await this.users.one(account, login);
    return inFormat(await this.usage.show(account, userId, period), format, reply);
  }
}

/** Our extension to OVH's routes. */
@V6Controller('sms/:serviceName')
export class ShowUsageController extends UsageRoutes {}

@OperatorRoutes('accounts/:serviceName')
export class OperatorUsageController extends UsageRoutes {}
