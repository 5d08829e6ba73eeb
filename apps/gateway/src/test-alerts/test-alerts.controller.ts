import { testAlert } from '@kwota/contracts/alerts.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { parsed } from '../manage-carriers/carriers.client.js';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { OperatorGuard } from '../operator/operator.guard.js';
import { badRequest } from '../v6/ovh-error.js';

const bodySchema = z.object({ account: z.string().min(1).max(64), login: z.string().min(1).max(40).optional() }).strict();

@ApiTags('operator')
@ApiBearerAuth()
@Controller('operator/alerts')
@UseGuards(OperatorGuard)
export class TestAlertsController {
  constructor(
    private readonly requests: RequestClient,
    private readonly users: ApiUsersClient,
  ) {}

  @Post('test')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send a test to whom alerts of an account, or of one of its users, go; an SMS is charged' })
  @ApiBody({ schema: { type: 'object', example: { account: 'sms-kw00001-1', login: 'shop' } } })
  async test(@Body() body: unknown) {
    const { account, login } = parsed(bodySchema, body);
    const userId = login === undefined ? null : (await this.users.one(account, login)).userId;
    const reply = await this.requests.ask(testAlert, { account, userId, testId: randomUUID() });
    if (reply.outcome === 'refused') throw badRequest('Nobody is told of alerts: neither a mail address nor a number is set');
    return { media: reply.media };
  }
}
