import { transferCredits } from '@kwota/contracts/ledger.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Body, Headers, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProperty } from '@nestjs/swagger';
import { IsNumber, IsPositive, IsString, MaxLength } from 'class-validator';
import { randomUUID } from 'node:crypto';
import { LooseNumber } from '../edge/loose-values.js';
import { milliCreditsOf, shownCredits } from '../edge/credits.js';
import { idempotencyKeyOf } from '../edge/idempotency-key.js';
import { badRequest, conflict, OvhError, serviceUnknown } from '../v6/ovh-error.js';
import type { OwnedRequest } from '../v6/owner.guard.js';
import { V6Controller } from '../v6/v6-controller.js';

export class TransferCreditsDto {
  @ApiProperty({ example: 10 })
  @LooseNumber()
  @IsNumber({}, { message: 'credits must be a number' })
  @IsPositive()
  credits!: number;

  @ApiProperty({ example: 'sms-kw00002-1' })
  @IsString()
  @MaxLength(64)
  smsAccountTarget!: string;
}

@V6Controller('sms/:serviceName')
export class TransferCreditsController {
  constructor(private readonly requests: RequestClient) {}

  /** Between two accounts of one owner; the same Idempotency-Key moves them once. */
  @Post('transferCredits')
  @HttpCode(200)
  @ApiOperation({ summary: "Move credits from the pool to another account's" })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  async transfer(
    @Req() { owner }: OwnedRequest,
    @Param('serviceName') account: string,
    @Body() { credits, smsAccountTarget: toAccount }: TransferCreditsDto,
    @Headers('idempotency-key') key?: string,
  ): Promise<null> {
    const amountMilliCredits = milliCreditsOf(credits);
    if (amountMilliCredits === undefined) throw badRequest('credits must be an amount with at most three decimals');
    if (toAccount === account) throw badRequest('smsAccountTarget must be another account');
    if (!owner?.accounts.includes(toAccount)) throw badRequest('smsAccountTarget must be an account of the same owner');
    const transferId = idempotencyKeyOf(key) ?? randomUUID();
    const reply = await this.requests.ask(transferCredits, { account, toAccount, transferId, amountMilliCredits });
    if (reply.outcome === 'done') return null;
    switch (reply.code) {
      case 'account-unknown':
        throw serviceUnknown();
      case 'credit-too-low':
        throw new OvhError(402, `Not enough credits (left: ${shownCredits(reply.leftMilliCredits ?? 0).toFixed(2)})`, { class: 'Client::PaymentRequired' });
      case 'conflict':
        throw conflict('The idempotency key was used for another transfer');
      default:
        throw badRequest(`credits were refused: ${reply.code}`);
    }
  }
}
