import { pttDetails } from '@kwota/delivery-codes';
import { Get, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery } from '@nestjs/swagger';
import { badRequest, OvhError } from './ovh-error.js';
import { OpenToAll } from './owner.guard.js';
import { V6Controller } from './v6-controller.js';

@V6Controller()
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
