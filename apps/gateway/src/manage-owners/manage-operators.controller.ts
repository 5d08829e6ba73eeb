import { Body, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Names, type NewNames } from '../repeat-calls/new-names.js';
import { OncePerKey } from '../repeat-calls/once-per-key.js';
import { OperatorRoutes } from '../operator/operator-routes.js';
import { ManageOwnersClient } from './manage-owners.client.js';
import { SaveOperatorDto } from './owner.dto.js';
import { OperatorShown, OperatorTokenShown } from './owner.views.js';

@OperatorRoutes('operators')
export class ManageOperatorsController {
  constructor(private readonly owners: ManageOwnersClient) {}

  @Get()
  @ApiOperation({ summary: 'Operators by name and role' })
  @ApiOkResponse({ type: [OperatorShown] })
  list() {
    return this.owners.operators();
  }

  @Post()
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'A new operator, or a new token for one: shown once' })
  @ApiOkResponse({ type: OperatorTokenShown })
  save(@Body() body: SaveOperatorDto, @Names() names: NewNames) {
    return this.owners.saveOperator(body, names);
  }

  @Delete(':name')
  @ApiOperation({ summary: 'Take an operator away' })
  async delete(@Param('name') name: string): Promise<null> {
    await this.owners.deleteOperator(name);
    return null;
  }
}
