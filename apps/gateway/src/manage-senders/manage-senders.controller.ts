import { Body, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { V6Controller } from '../v6/v6-controller.js';
import { ChangeSenderDto, ProposeSenderDto, SenderView, ValidateSenderDto } from './sender.dto.js';
import { SendersClient } from './senders.client.js';

@V6Controller('sms/:serviceName/senders')
export class ManageSendersController {
  constructor(private readonly senders: SendersClient) {}

  @Get()
  @ApiOperation({ summary: "The account's senders" })
  @ApiOkResponse({ type: [String] })
  list(@Param('serviceName') account: string): Promise<string[]> {
    return this.senders.names(account);
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Ask for a sender; it waits until it is validated' })
  @ApiOkResponse({ type: String })
  propose(@Param('serviceName') account: string, @Body() body: ProposeSenderDto): Promise<string> {
    return this.senders.propose(account, body);
  }

  @Get(':sender')
  @ApiOperation({ summary: 'A sender with its state' })
  @ApiOkResponse({ type: SenderView })
  show(@Param('serviceName') account: string, @Param('sender') sender: string): Promise<SenderView> {
    return this.senders.show(account, sender);
  }

  @Put(':sender')
  @ApiOperation({ summary: 'Change a sender; what is left out stays' })
  async change(@Param('serviceName') account: string, @Param('sender') sender: string, @Body() body: ChangeSenderDto): Promise<null> {
    await this.senders.change(account, sender, body, 'owner');
    return null;
  }

  @Delete(':sender')
  @ApiOperation({ summary: 'Take a sender away' })
  async delete(@Param('serviceName') account: string, @Param('sender') sender: string): Promise<null> {
    await this.senders.delete(account, sender);
    return null;
  }

  @Post(':sender/validate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Validate a sender by its code' })
  async validate(@Param('serviceName') account: string, @Param('sender') sender: string, @Body() { code }: ValidateSenderDto): Promise<null> {
    await this.senders.validate(account, sender, code);
    return null;
  }
}
