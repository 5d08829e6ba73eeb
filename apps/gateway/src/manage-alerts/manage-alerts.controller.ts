import { Body, Get, HttpCode, Injectable, Param, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { AlertThresholdDto } from '../manage-users/api-user.dto.js';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { OperatorRoutes } from '../operator/operator-routes.js';
import { Names, type NewNames } from '../repeat-calls/new-names.js';
import { OncePerKey } from '../repeat-calls/once-per-key.js';
import { V6Controller } from '../v6/v6-controller.js';
import { TestAlertDto, TestedAlertView } from './alert.dto.js';
import { AlertsClient } from './alerts.client.js';

/** The alert on an account's own pool, and a test of alerts: the same for owner and operator. Injectable, so that Nest sees what those who extend it take. */
@Injectable()
abstract class AlertRoutes {
  constructor(
    private readonly alerts: AlertsClient,
    private readonly users: ApiUsersClient,
  ) {}

  @Get()
  @ApiOperation({ summary: "The alert on the account's pool" })
  @ApiOkResponse({ type: AlertThresholdDto })
  show(@Param('serviceName') account: string): Promise<AlertThresholdDto> {
    return this.alerts.show(account);
  }

  @Put()
  @ApiOperation({ summary: "Set the alert on the account's pool; -1 switches it off. Its recipient is also told of callback URLs that fail" })
  async change(@Param('serviceName') account: string, @Body() body: AlertThresholdDto): Promise<null> {
    await this.alerts.change(account, body);
    return null;
  }

  @Post('test')
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'Send a marked alert by the media that are set, and say what became of it; an SMS is charged as any' })
  @ApiOkResponse({ type: TestedAlertView })
  async test(@Param('serviceName') account: string, @Body() { login }: TestAlertDto, @Names() names: NewNames): Promise<TestedAlertView> {
    const userId = login == null ? null : (await this.users.one(account, login)).userId;
    return this.alerts.test(account, userId, names('test', 16).toString('hex'));
  }
}

/** Our extension to OVH's routes. */
@V6Controller('sms/:serviceName/alerts')
export class ManageAlertsController extends AlertRoutes {}

@OperatorRoutes('accounts/:serviceName/alerts')
export class OperatorAlertsController extends AlertRoutes {}
