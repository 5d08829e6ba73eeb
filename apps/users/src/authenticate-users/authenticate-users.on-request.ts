import { authenticateUser } from '@kwota/contracts/users.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Sealing } from '@kwota/service-kit/sealing';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { apiUserEntity } from '../users.entities.js';
import { PasswordHashes } from './password-hashes.js';

@Controller()
export class AuthenticateUsersOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly sealing: Sealing,
    private readonly passwords: PasswordHashes,
  ) {}

  @OnRequest(authenticateUser)
  async authenticate(@Payload() { account, login, sealedPassword }: { account: string; login: string; sealedPassword: string }) {
    const password = this.sealing.open(sealedPassword, `${account}|${login}`);
    const user = await this.database.read((manager) => manager.findOneBy(apiUserEntity, { account, login }));
    if (!(await this.passwords.verify(user?.passwordHash, password)) || !user) return { outcome: 'refused', code: 'bad-credentials' };
    return { outcome: 'done', userId: user.userId, version: user.version };
  }
}
