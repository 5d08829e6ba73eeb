import { pttDetails } from '@kwota/delivery-codes';
import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { badRequest, OvhError } from './ovh-error.js';
import { OpenToAll, OwnerGuard } from './owner.guard.js';

@ApiTags('v6')
@Controller(['1.0', 'v1'])
@UseGuards(OwnerGuard)
export class CodesAndTimeController {
  @Get('auth/time')
  @OpenToAll()
  @ApiOperation({ summary: "The server's clock, in seconds" })
  time(): number {
    return Math.floor(Date.now() / 1_000);
  }

  /** sms.PttDetails (OVH.md 1.1). */
  @Get('sms/ptts')
  @ApiOperation({ summary: 'What a ptt code means' })
  @ApiQuery({ name: 'ptt', required: true })
  ptt(@Query('ptt') given?: string) {
    if (!given || !/^\d{1,9}$/.test(given)) throw badRequest('ptt must be a whole number');
    const details = pttDetails(Number(given));
    if (!details) throw new OvhError(404, 'This ptt code is not known', { class: 'Client::NotFound' });
    const { comment, description, duration } = details;
    return { comment, description, duration };
  }
}
