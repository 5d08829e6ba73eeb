import { Body, Controller, Headers, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { OwnerGuard } from '../v6/owner.guard.js';
import { SendingReport, SendJobDto } from './send-job.dto.js';
import { SendJobsClient } from './send-jobs.client.js';

@ApiTags('v6')
@Controller(['1.0/sms/:serviceName', 'v1/sms/:serviceName'])
@UseGuards(OwnerGuard)
export class SendJobsController {
  constructor(
    private readonly jobs: SendJobsClient,
    private readonly users: ApiUsersClient,
  ) {}

  @Post('jobs')
  @HttpCode(200)
  @ApiOperation({ summary: "Send from the account's pool" })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOkResponse({ type: SendingReport })
  ofAccount(@Param('serviceName') account: string, @Body() job: SendJobDto, @Headers('idempotency-key') key?: string): Promise<SendingReport> {
    return this.jobs.send(account, null, job, key);
  }

  @Post('users/:login/jobs')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send as an API user' })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOkResponse({ type: SendingReport })
  async ofUser(
    @Param('serviceName') account: string,
    @Param('login') login: string,
    @Body() job: SendJobDto,
    @Headers('idempotency-key') key?: string,
  ): Promise<SendingReport> {
    const { userId } = await this.users.one(account, login);
    return this.jobs.send(account, userId, job, key);
  }
}
