import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery } from '@nestjs/swagger';
import { OperatorRoutes } from '../operator/operator-routes.js';
import { Trail, type TrailedChange } from './trail.projection.js';
import { ChangeShown } from '../operator/operator.views.js';

@OperatorRoutes('changes')
export class TrailChangesController {
  constructor(private readonly trail: Trail) {}

  @Get()
  @ApiOperation({ summary: 'Who changed what: names of fields, never their values; the newest last' })
  @ApiOkResponse({ type: [ChangeShown] })
  @ApiQuery({ name: 'account', required: false })
  list(@Query('account') account?: string): TrailedChange[] {
    return this.trail.list(account);
  }
}
