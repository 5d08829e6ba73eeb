import { Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { OperatorRoutes } from '../operator/operator-routes.js';
import { DeadLettersClient } from './dead-letters.client.js';
import type { DeadLetter } from './dead-letters.projection.js';
import { DeadLetterShown } from '../operator/operator.views.js';

@OperatorRoutes('dead-letters')
export class DeadLettersController {
  constructor(private readonly deadLetters: DeadLettersClient) {}

  @Get()
  @ApiOperation({ summary: 'Messages that no service could handle, with the reason; never what is in them' })
  @ApiOkResponse({ type: [DeadLetterShown] })
  list(): DeadLetter[] {
    return this.deadLetters.list();
  }

  @Post(':id/replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put the message on its topic again' })
  async replay(@Param('id') id: string): Promise<null> {
    await this.deadLetters.replay(id);
    return null;
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Give the message up' })
  async drop(@Param('id') id: string): Promise<null> {
    await this.deadLetters.drop(id);
    return null;
  }
}
