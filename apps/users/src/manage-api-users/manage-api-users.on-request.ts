import { createUser, deleteUser, findUsers, updateUser } from '@kwota/contracts/users.requests.v1';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ManageApiUsersHandler, type CreateUser, type UpdateUser } from './manage-api-users.handler.js';

@Controller()
export class ManageApiUsersOnRequest {
  constructor(private readonly users: ManageApiUsersHandler) {}

  @OnRequest(createUser)
  create(@Payload() request: CreateUser) {
    return this.users.create(request);
  }

  @OnRequest(findUsers)
  find(@Payload() request: { account: string; login?: string }) {
    return this.users.find(request);
  }

  @OnRequest(updateUser)
  update(@Payload() request: UpdateUser) {
    return this.users.update(request);
  }

  @OnRequest(deleteUser)
  delete(@Payload() request: { account: string; userId: string }) {
    return this.users.delete(request);
  }
}
