import { showRate } from '@kwota/contracts/ledger.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { measureText } from '@kwota/sms-text';
import { Body, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiQuery } from '@nestjs/swagger';
import { getCountryCallingCode, isSupportedCountry, type CountryCode } from 'libphonenumber-js';
import { shownCredits } from '../edge/credits.js';
import { NotTrailed } from '../trail-changes/trail-changes.interceptor.js';
import { badRequest } from '../v6/ovh-error.js';
import { OpenToAll } from '../v6/owner.guard.js';
import { V6Controller } from '../v6/v6-controller.js';
import { EstimateDto, type JobEstimate } from './estimate-messages.dto.js';

/** What a message would take: parts of a text, and credits a part by country. Nothing is for sale here, so prices are zero and packs none. */
@V6Controller('sms')
export class EstimateMessagesController {
  constructor(private readonly requests: RequestClient) {}

  @Post('estimate')
  @HttpCode(200)
  @NotTrailed()
  @ApiOperation({ summary: 'How many parts a text takes' })
  estimate(@Body() { message, noStopClause }: EstimateDto): JobEstimate {
    const { characters, coding, maxCharactersPerPart, parts } = measureText(message, { stopClause: !noStopClause });
    return { characters, charactersClass: coding === '7bit' ? '7bits' : 'unicode', maxCharactersPerPart, parts };
  }

  @Get('rates/destinations')
  @OpenToAll()
  @ApiOperation({ summary: 'Credits that a part to a country takes' })
  @ApiQuery({ name: 'country', required: true, example: 'fr' })
  @ApiQuery({ name: 'billingCountry', required: false })
  @ApiOkResponse({ description: 'sms.DestinationRates' })
  async destination(@Query('country') given?: string) {
    const country = countryOf(given);
    const { milliCreditsPerPart } = await this.requests.ask(showRate, { prefix: getCountryCallingCode(country) });
    const name = new Intl.DisplayNames('en', { type: 'region' }).of(country) ?? country;
    return { country: name, countryCode: country.toLowerCase(), credit: shownCredits(milliCreditsPerPart), price: { currencyCode: 'EUR', text: '0.00 €', value: 0 } };
  }

  @Get('rates/packs')
  @OpenToAll()
  @ApiOperation({ summary: 'Packs of credits for sale: none' })
  @ApiQuery({ name: 'country', required: true, example: 'fr' })
  @ApiQuery({ name: 'billingCountry', required: false })
  packs(@Query('country') given?: string): [] {
    countryOf(given);
    return [];
  }

  @Get(':serviceName/seeOffers')
  @ApiOperation({ summary: 'Offers of credits for the account: none' })
  @ApiParam({ name: 'serviceName', type: String })
  offers(): [] {
    return [];
  }
}

const countryOf = (given: unknown): CountryCode => {
  const country = typeof given === 'string' ? given.toUpperCase() : '';
  if (!isSupportedCountry(country)) throw badRequest('country must be the two letters of a country, as fr');
  return country;
};
