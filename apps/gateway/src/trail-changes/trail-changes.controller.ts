import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { OperatorGuard } from '../operator/operator.guard.js';
import { Trail, type TrailedChange } from './trail.projection.js';

@ApiTags('operator')
@ApiBearerAuth()
@Controller('operator/changes')
@UseGuards(OperatorGuard)
export class TrailChangesController {
  constructor(private readonly trail: Trail) {}

  @Get()
  @ApiOperation({ summary: 'Who changed what: names of fields, never their values; the newest last' })
  @ApiQuery({ name: 'account', required: false })
  list(@Query('account') account?: string): TrailedChange[] {
    return this.trail.list(account);
  }
}
