import { Body, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiQuery } from '@nestjs/swagger';
import { OperatorRoutes } from '../operator/operator-routes.js';
import { Names, type NewNames } from '../repeat-calls/new-names.js';
import { OncePerKey } from '../repeat-calls/once-per-key.js';
import { CallbacksClient } from './callbacks.client.js';

@OperatorRoutes('callbacks')
export class CallbacksController {
  constructor(private readonly callbacks: CallbacksClient) {}

  @Get()
  @ApiOperation({ summary: 'The newest 100 callbacks by filter, and how many there are by state' })
  @ApiOkResponse({ schema: { type: 'object', required: ['paused', 'counts', 'callbacks'], properties: { paused: { type: 'boolean' }, counts: { type: 'object' }, callbacks: { type: 'array', items: { type: 'object' } } } } })
  @ApiQuery({ name: 'account', required: false })
  @ApiQuery({ name: 'login', required: false })
  @ApiQuery({ name: 'from', required: false, description: 'RFC 3339' })
  @ApiQuery({ name: 'to', required: false, description: 'RFC 3339' })
  @ApiQuery({ name: 'state', required: false, enum: ['waiting', 'delivered', 'superseded', 'dead'] })
  list(@Query() query: Record<string, unknown>) {
    return this.callbacks.list({ ...query });
  }

  @Get('failing')
  @ApiOperation({ summary: 'Endpoints that take nothing; after five days they are switched off' })
  @ApiOkResponse({ schema: { type: 'array', items: { type: 'object' } } })
  failing() {
    return this.callbacks.failing();
  }

  @Post('replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send dead callbacks again, by filter' })
  @ApiOkResponse({ schema: { type: 'object', required: ['replayed', 'superseded'], properties: { replayed: { type: 'integer' }, superseded: { type: 'integer' } } } })
  @ApiBody({ schema: { type: 'object', example: { account: 'sms-kw00001-1', login: 'shop', from: '2026-11-23T00:00:00Z', dryRun: true } } })
  replay(@Body() body: unknown) {
    return this.callbacks.replay(body);
  }

  @Post('pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'All callbacks wait' })
  async pause(): Promise<null> {
    await this.callbacks.pause(true);
    return null;
  }

  @Post('resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Callbacks go on, after a pause or a restore' })
  async resume(): Promise<null> {
    await this.callbacks.pause(false);
    return null;
  }

  @Get(['accounts/:serviceName', 'accounts/:serviceName/users/:login'])
  @ApiOperation({ summary: 'How callbacks of an account, or of one of its users, are sent' })
  @ApiOkResponse({ schema: { type: 'object', required: ['format', 'signed', 'previousSecretUntil'], properties: { format: { enum: ['get', 'json'] }, signed: { type: 'boolean' }, previousSecretUntil: { type: 'string', format: 'date-time', nullable: true } } } })
  delivery(@Param('serviceName') account: string, @Param('login') login?: string) {
    return this.callbacks.delivery(account, login);
  }

  @Put(['accounts/:serviceName', 'accounts/:serviceName/users/:login'])
  @ApiOperation({ summary: 'GET with a query as OVHcloud sends it, or POST with JSON' })
  @ApiBody({ schema: { type: 'object', example: { format: 'json' } } })
  async setFormat(@Param('serviceName') account: string, @Body() body: unknown, @Param('login') login?: string): Promise<null> {
    await this.callbacks.setFormat(account, login, body);
    return null;
  }

  @Post(['accounts/:serviceName/secret', 'accounts/:serviceName/users/:login/secret'])
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'A new secret that signs callbacks, shown this once; the one before signs for another day' })
  @ApiOkResponse({ schema: { type: 'object', required: ['secret'], properties: { secret: { type: 'string' } } } })
  renewSecret(@Param('serviceName') account: string, @Param('login') login: string | undefined, @Names() names: NewNames) {
    return this.callbacks.renewSecret(account, login, names);
  }

  @Delete(['accounts/:serviceName/secret', 'accounts/:serviceName/users/:login/secret'])
  @ApiOperation({ summary: 'Callbacks are not signed any more' })
  async dropSecret(@Param('serviceName') account: string, @Param('login') login?: string): Promise<null> {
    await this.callbacks.dropSecret(account, login);
    return null;
  }
}
