import { Body, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { AlertThresholdDto } from '../manage-users/api-user.dto.js';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { OperatorRoutes } from '../operator/operator-routes.js';
import { V6Controller } from '../v6/v6-controller.js';
import { TestAlertDto, TestedAlertView } from './alert.dto.js';
import { AlertsClient } from './alerts.client.js';

/** Our extension to OVH's routes: the alert on an account's own pool, and a test of alerts. */
@V6Controller('sms/:serviceName/alerts')
export class ManageAlertsController {
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
  @ApiOperation({ summary: 'Send a marked alert by the media that are set, and say what became of it; an SMS is charged as any' })
  @ApiOkResponse({ type: TestedAlertView })
  async test(@Param('serviceName') account: string, @Body() { login }: TestAlertDto): Promise<TestedAlertView> {
    return this.alerts.test(account, login == null ? null : (await this.users.one(account, login)).userId);
  }
}

@OperatorRoutes('accounts/:serviceName/alerts')
export class OperatorAlertsController {
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
  @ApiOperation({ summary: 'Send a marked alert by the media that are set, and say what became of it; an SMS is charged as any' })
  @ApiOkResponse({ type: TestedAlertView })
  async test(@Param('serviceName') account: string, @Body() { login }: TestAlertDto): Promise<TestedAlertView> {
    return this.alerts.test(account, login == null ? null : (await this.users.one(account, login)).userId);
  }
}
