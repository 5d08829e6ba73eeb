import { createAccount, listAccounts, updateAccount } from '@kwota/contracts/users.requests.v1';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { OpenAccountsHandler } from './open-accounts.handler.js';

@Controller()
export class OpenAccountsOnRequest {
  constructor(private readonly accounts: OpenAccountsHandler) {}

  @OnRequest(createAccount)
  create(@Payload() request: { requestId: string; account?: string; description: string }) {
    return this.accounts.create(request);
  }

  @OnRequest(listAccounts)
  async list() {
    return { outcome: 'done', accounts: await this.accounts.list() };
  }

  @OnRequest(updateAccount)
  update(@Payload() request: { account: string; description: string }) {
    return this.accounts.update(request);
  }
}
