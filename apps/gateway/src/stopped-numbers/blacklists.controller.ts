import { findStops, removeStop } from '@kwota/contracts/phones.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { normaliseNumber } from '@kwota/sms-text';
import { Delete, Get, Param } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { objectUnknown } from '../v6/ovh-error.js';
import { V6Controller } from '../v6/v6-controller.js';

/** Numbers whose owners answered STOP. */
@V6Controller('sms/:serviceName/blacklists')
export class BlacklistsController {
  constructor(private readonly requests: RequestClient) {}

  @Get()
  @ApiOperation({ summary: 'Numbers that want no more messages' })
  async list(@Param('serviceName') account: string): Promise<string[]> {
    return (await this.requests.ask(findStops, { account })).stops.map(({ number }) => number);
  }

  @Get(':number')
  @ApiOperation({ summary: 'Since when a number wants no more messages' })
  async one(@Param('serviceName') account: string, @Param('number') given: string) {
    const { stops } = await this.requests.ask(findStops, { account, number: numberOf(given) });
    const [stop] = stops;
    if (!stop) throw objectUnknown();
    return { number: stop.number, dateCreation: new Date(stop.sinceMs).toISOString(), batchID: null, smsOutgoingID: stop.messageId };
  }

  @Delete(':number')
  @ApiOperation({ summary: 'Take a number off: its owner wants messages again' })
  async delete(@Param('serviceName') account: string, @Param('number') given: string): Promise<null> {
    const reply = await this.requests.ask(removeStop, { account, number: numberOf(given) });
    if (reply.outcome === 'refused') throw objectUnknown();
    return null;
  }
}

const numberOf = (given: string): string => {
  const number = normaliseNumber(given);
  if (number === undefined) throw objectUnknown();
  return number;
};
