import { Controller, Delete, Param, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { OwnerGuard } from '../v6/owner.guard.js';
import { CancelJobsClient } from './cancel-jobs.client.js';

@ApiTags('v6')
@Controller(['1.0/sms/:serviceName', 'v1/sms/:serviceName'])
@UseGuards(OwnerGuard)
export class CancelJobsController {
  constructor(
    private readonly jobs: CancelJobsClient,
    private readonly users: ApiUsersClient,
  ) {}

  @Delete('jobs/:id')
  @ApiOperation({ summary: 'Stop sending a message that waits; it is not charged' })
  async cancel(@Param('serviceName') account: string, @Param('id') id: string): Promise<null> {
    await this.jobs.cancel(account, undefined, id);
    return null;
  }

  @Delete('users/:login/jobs/:id')
  @ApiOperation({ summary: "Stop sending a user's message that waits; it is not charged" })
  async cancelOfUser(@Param('serviceName') account: string, @Param('login') login: string, @Param('id') id: string): Promise<null> {
    await this.jobs.cancel(account, (await this.users.one(account, login)).userId, id);
    return null;
  }
}
