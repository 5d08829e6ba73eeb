import { findCallbackAttempts, findMessage } from '@kwota/contracts/dlr.requests.v1';
import { declareSender, listSenders } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Body, Delete, Get, Headers, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiQuery } from '@nestjs/swagger';
import { ChangeAccountDto } from '../manage-account/account.dto.js';
import { idempotencyKeyOf } from '../edge/idempotency-key.js';
import { AccountsClient } from '../manage-account/accounts.client.js';
import { ChangesMadeHere } from '../known-users/changes-made-here.js';
import { ManageOwnersClient } from '../manage-owners/manage-owners.client.js';
import { Names, type NewNames } from '../repeat-calls/new-names.js';
import { OncePerKey } from '../repeat-calls/once-per-key.js';
import { SendersClient } from '../manage-senders/senders.client.js';
import { ChangeApiUserDto, CreateApiUserDto, OperatedUserView } from '../manage-users/api-user.dto.js';
import { ApiUsersClient, type WeighedChange } from '../manage-users/api-users.client.js';
import { messageIdOf } from '../read-messages/read-messages.client.js';
import { badRequest, serviceUnknown } from '../v6/ovh-error.js';
import { AdjustCreditsDto, CreateAccountDto, DecideSenderDto, DeclareSenderDto, PurchaseCreditsDto } from './operator.dto.js';
import { OperatorRoutes } from './operator-routes.js';
import { AccountNamed, CreditsLeft, MessageShown, SenderListed, SenderShown } from './operator.views.js';

@OperatorRoutes('accounts')
export class OperatorController {
  constructor(
    private readonly accounts: AccountsClient,
    private readonly users: ApiUsersClient,
    private readonly requests: RequestClient,
    private readonly changes: ChangesMadeHere,
    private readonly sendersOf: SendersClient,
    private readonly owners: ManageOwnersClient,
  ) {}

  @Get()
  @ApiOperation({ summary: 'All SMS accounts' })
  @ApiOkResponse({ type: [String] })
  list(): Promise<string[]> {
    return this.accounts.names();
  }

  @Post()
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'Create an SMS account' })
  @ApiOkResponse({ type: AccountNamed })
  async create(@Body() { serviceName, description, ownerId }: CreateAccountDto, @Names() names: NewNames) {
    const owner = ownerId ? await this.owners.owner(ownerId) : undefined;
    const account = await this.accounts.create(serviceName, description, names('account', 16).toString('hex'));
    if (owner) await this.owners.changeOwner(owner.ownerId, { accounts: [...owner.accounts, account] });
    return { serviceName: account };
  }

  @Get(':serviceName')
  @ApiOperation({ summary: 'An SMS account with its credit' })
  show(@Param('serviceName') account: string) {
    return this.accounts.show(account);
  }

  @Put(':serviceName')
  @ApiOperation({ summary: 'Change an SMS account; what is left out stays' })
  async change(@Param('serviceName') account: string, @Body() body: ChangeAccountDto): Promise<null> {
    await this.accounts.change(account, body);
    return null;
  }

  @Post(':serviceName/credits')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put credits into the pool, once per reference' })
  @ApiOkResponse({ type: CreditsLeft })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  purchase(@Param('serviceName') account: string, @Body() { credits, reference }: PurchaseCreditsDto, @Headers('idempotency-key') key?: string) {
    return this.accounts.purchase(account, credits, onceBy(reference, key));
  }

  @Post(':serviceName/adjustments')
  @HttpCode(200)
  @ApiOperation({ summary: 'Correct the pool up or down, once per reference, with a reason code' })
  @ApiOkResponse({ type: CreditsLeft })
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  adjust(@Param('serviceName') account: string, @Body() { credits, reference, reasonCode }: AdjustCreditsDto, @Headers('idempotency-key') key?: string) {
    return this.accounts.adjust(account, credits, onceBy(reference, key), reasonCode);
  }

  @Get(':serviceName/messages/:id')
  @ApiOperation({ summary: "A message's state and callbacks, for kwota audit explain; neither text nor numbers" })
  @ApiOkResponse({ type: MessageShown })
  async message(@Param('serviceName') account: string, @Param('id') id: string) {
    const asked = { account, messageId: messageIdOf(id) };
    const [found, { attempts, callbacks }] = await Promise.all([this.requests.ask(findMessage, asked), this.requests.ask(findCallbackAttempts, asked)]);
    if (found.outcome !== 'done') return { message: null, attempts, callbacks };
    const { ptt, dlr, final, parts, acceptedAtMs, submittedAtMs, deliveredAtMs } = found.message;
    return { message: { ptt, dlr, final, parts, acceptedAtMs, submittedAtMs, deliveredAtMs }, attempts, callbacks };
  }

  @Get(':serviceName/senders')
  @ApiOperation({ summary: "The account's senders" })
  @ApiOkResponse({ type: [SenderListed] })
  async senders(@Param('serviceName') account: string) {
    const { senders } = await this.requests.ask(listSenders, { account });
    if (senders.length === 0 && !(await this.accounts.names()).includes(account)) throw serviceUnknown();
    return senders;
  }

  @Post(':serviceName/senders')
  @HttpCode(200)
  @ApiOperation({ summary: 'Declare a sender' })
  async declareSender(@Param('serviceName') account: string, @Body() { sender, description }: DeclareSenderDto): Promise<null> {
    const reply = await this.requests.ask(declareSender, { account, sender, description: description ?? '' });
    if (reply.outcome === 'done') {
      this.changes.tell({ kind: 'sender', account, sender });
      return null;
    }
    if (reply.code === 'account-unknown') throw serviceUnknown();
    throw badRequest('sender must be at most 11 letters, digits and spaces, or a number');
  }

  @Get(':serviceName/senders/:sender')
  @ApiOperation({ summary: 'A sender: why it was asked for, and the code that enables it' })
  @ApiOkResponse({ type: SenderShown })
  async sender(@Param('serviceName') account: string, @Param('sender') name: string) {
    const { sender, status, description, reason, comment, code } = await this.sendersOf.find(account, name);
    return { sender, status, description, reason, comment, code };
  }

  @Put(':serviceName/senders/:sender')
  @ApiOperation({ summary: 'Enable, disable or refuse a sender; what is left out stays' })
  async changeSender(@Param('serviceName') account: string, @Param('sender') sender: string, @Body() body: DecideSenderDto): Promise<null> {
    await this.sendersOf.change(account, sender, body, 'operator');
    return null;
  }

  @Delete(':serviceName/senders/:sender')
  @ApiOperation({ summary: 'Take a sender away' })
  async deleteSender(@Param('serviceName') account: string, @Param('sender') sender: string): Promise<null> {
    await this.sendersOf.delete(account, sender);
    return null;
  }

  @Get(':serviceName/users')
  @ApiOperation({ summary: 'Logins of the API users' })
  @ApiOkResponse({ type: [String] })
  logins(@Param('serviceName') account: string): Promise<string[]> {
    return this.users.logins(account);
  }

  @Post(':serviceName/users')
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'Create an API user' })
  async createUser(@Param('serviceName') account: string, @Body() body: CreateApiUserDto, @Names() names: NewNames): Promise<null> {
    await this.users.create(account, body, names);
    return null;
  }

  @Get(':serviceName/users/:login')
  @ApiOperation({ summary: 'An API user' })
  @ApiOkResponse({ type: OperatedUserView })
  async showUser(@Param('serviceName') account: string, @Param('login') login: string): Promise<OperatedUserView> {
    const [shown, { messagesPerMinute }] = await Promise.all([this.users.show(account, login), this.users.one(account, login)]);
    return { ...shown, messagesPerMinute: messagesPerMinute ?? null };
  }

  @Put(':serviceName/users/:login')
  @OncePerKey()
  @ApiOperation({ summary: 'Change an API user; what is left out stays' })
  @ApiQuery({ name: 'dryRun', required: false, enum: ['true', 'false'], description: 'true changes nothing and answers what would be left, or why not' })
  async changeUser(
    @Param('serviceName') account: string,
    @Param('login') login: string,
    @Body() body: ChangeApiUserDto,
    @Query('dryRun') dryRun?: string,
  ): Promise<WeighedChange | null> {
    if (dryRun !== undefined && dryRun !== 'true' && dryRun !== 'false') throw badRequest('dryRun must be true or false');
    if (dryRun === 'true') return this.users.weigh(account, login, body);
    await this.users.change(account, login, body);
    return null;
  }

  @Delete(':serviceName/users/:login')
  @ApiOperation({ summary: 'Delete an API user' })
  async deleteUser(@Param('serviceName') account: string, @Param('login') login: string): Promise<null> {
    await this.users.delete(account, login);
    return null;
  }
}

/** What makes a change of credit happen once. @throws OvhError 400 where there is nothing. */
const onceBy = (reference: string | null | undefined, key: string | undefined): string => {
  const once = reference ?? idempotencyKeyOf(key);
  if (once === undefined) throw badRequest('reference is required, or the header Idempotency-Key: it makes the change happen once');
  return once;
};
