import { Body, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { OperatorRoutes } from '../operator/operator-routes.js';
import { OncePerKey } from '../repeat-calls/once-per-key.js';
import { CarriersClient } from './carriers.client.js';

@OperatorRoutes('carriers')
export class CarriersController {
  constructor(private readonly carriers: CarriersClient) {}

  @Get()
  @ApiOperation({ summary: 'All SMSCs with their settings and what waits for them; never their passwords' })
  @ApiOkResponse({ schema: { type: 'object', required: ['paused', 'connectors', 'withoutRoute'], properties: { paused: { type: 'boolean' }, connectors: { type: 'array', items: { type: 'object' } }, withoutRoute: { type: 'integer' } } } })
  list() {
    return this.carriers.list();
  }

  @Post()
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'Add an SMSC: name, url, and what of its settings differs from the defaults' })
  @ApiBody({ schema: { type: 'object', example: { name: 'operator-a', url: 'smpp://system_id:password@smsc.example.org:2775', prefixes: ['336'], weight: 3 } } })
  async add(@Body() body: unknown): Promise<null> {
    await this.carriers.add(body);
    return null;
  }

  @Post('pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Nothing is sent, whatever SMSC it is for' })
  async pause(): Promise<null> {
    await this.carriers.pauseAll();
    return null;
  }

  @Post('resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Sending goes on, and so do callbacks, after a pause or a restore' })
  async resume(): Promise<null> {
    await this.carriers.resumeAll();
    return null;
  }

  @Get(':name')
  @ApiOperation({ summary: 'One SMSC' })
  @ApiOkResponse({ schema: { type: 'object' } })
  show(@Param('name') name: string) {
    return this.carriers.show(name);
  }

  @Put(':name')
  @ApiOperation({ summary: 'Change an SMSC, also whether it is paused; what is left out stays' })
  @ApiBody({ schema: { type: 'object', example: { submitsPerSecondMax: 50, paused: false } } })
  async change(@Param('name') name: string, @Body() body: unknown): Promise<null> {
    await this.carriers.change(name, body);
    return null;
  }

  @Delete(':name')
  @ApiOperation({ summary: 'Remove an SMSC; what it was to send goes to others' })
  async remove(@Param('name') name: string): Promise<null> {
    await this.carriers.remove(name);
    return null;
  }
}
