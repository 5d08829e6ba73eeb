import { Body, Controller, Delete, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OperatorGuard } from '../operator/operator.guard.js';
import { ManageOwnersClient } from './manage-owners.client.js';
import { SaveOperatorDto } from './owner.dto.js';

@ApiTags('operator')
@ApiBearerAuth()
@Controller('operator/operators')
@UseGuards(OperatorGuard)
export class ManageOperatorsController {
  constructor(private readonly owners: ManageOwnersClient) {}

  @Get()
  @ApiOperation({ summary: 'Operators by name and role' })
  list() {
    return this.owners.operators();
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'A new operator, or a new token for one: shown once' })
  save(@Body() body: SaveOperatorDto) {
    return this.owners.saveOperator(body);
  }

  @Delete(':name')
  @ApiOperation({ summary: 'Take an operator away' })
  async delete(@Param('name') name: string): Promise<null> {
    await this.owners.deleteOperator(name);
    return null;
  }
}
