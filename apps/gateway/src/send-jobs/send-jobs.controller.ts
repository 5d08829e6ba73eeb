import { Body, Headers, HttpCode, Param, Post } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { SendingReport, SendJobDto } from './send-job.dto.js';
import { SendJobsClient } from './send-jobs.client.js';
import { NotTrailed } from '../trail-changes/trail-changes.interceptor.js';
import { V6Controller } from '../v6/v6-controller.js';

@V6Controller('sms/:serviceName')
export class SendJobsController {
  constructor(
    private readonly jobs: SendJobsClient,
    private readonly users: ApiUsersClient,
  ) {}

  @Post('jobs')
  @HttpCode(200)
  @NotTrailed()
  @ApiOperation({ summary: "Send from the account's pool" })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOkResponse({ type: SendingReport })
  ofAccount(@Param('serviceName') account: string, @Body() job: SendJobDto, @Headers('idempotency-key') key?: string): Promise<SendingReport> {
    return this.jobs.send(account, null, job, key);
  }

  @Post('users/:login/jobs')
  @HttpCode(200)
  @NotTrailed()
  @ApiOperation({ summary: 'Send as an API user' })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOkResponse({ type: SendingReport })
  async ofUser(
    @Param('serviceName') account: string,
    @Param('login') login: string,
    @Body() job: SendJobDto,
    @Headers('idempotency-key') key?: string,
  ): Promise<SendingReport> {
    const user = await this.users.one(account, login);
    return this.jobs.send(account, user, job, key);
  }
}
