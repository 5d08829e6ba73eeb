import { Delete, Param } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { V6Controller } from '../v6/v6-controller.js';
import { CancelJobsClient } from './cancel-jobs.client.js';

@V6Controller('sms/:serviceName')
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
