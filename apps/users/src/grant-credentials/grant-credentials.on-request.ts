import {
  authenticateOauthClient,
  createApplication,
  createOauthClient,
  findCredential,
  findOperatorToken,
  setOperatorToken,
  type AccessRule,
} from '@kwota/contracts/users.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Sealing } from '@kwota/service-kit/sealing';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { createHash, timingSafeEqual } from 'node:crypto';
import { consumerKeyEntity, oauthClientEntity, operatorTokenEntity } from '../users.entities.js';

type CreateApplication = {
  applicationKey: string;
  sealedApplicationSecret: string;
  consumerKey: string;
  accounts: string[];
  rules: AccessRule[];
};
type OauthClient = { clientId: string; sealedClientSecret: string };

/** Owners' and the operator's ways in. Application secrets stay recoverable (a signature needs them), so they lie sealed; the rest as SHA-256 of random secrets. */
@Controller()
export class GrantCredentialsOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly sealing: Sealing,
  ) {}

  @OnRequest(createApplication)
  createApplication(@Payload() request: CreateApplication) {
    return this.database.transaction(async (manager) => {
      const known = await manager.findOneBy(consumerKeyEntity, { consumerKey: request.consumerKey });
      await manager.save(consumerKeyEntity, { ...(known ? { credentialId: known.credentialId } : {}), ...request });
      return { outcome: 'done' };
    });
  }

  @OnRequest(findCredential)
  async findCredential(@Payload() { applicationKey, consumerKey }: { applicationKey: string; consumerKey: string }) {
    return this.database.read(async (manager) => {
      if (!(await manager.existsBy(consumerKeyEntity, { applicationKey }))) return { outcome: 'refused', code: 'application-unknown' };
      const row = await manager.findOneBy(consumerKeyEntity, { applicationKey, consumerKey });
      if (!row) return { outcome: 'refused', code: 'consumer-key-unknown' };
      const { credentialId, sealedApplicationSecret, accounts, rules } = row;
      return { outcome: 'done', credentialId, sealedApplicationSecret, accounts, rules };
    });
  }

  @OnRequest(createOauthClient)
  createOauthClient(@Payload() { clientId, sealedClientSecret, accounts }: OauthClient & { accounts: string[] }) {
    return this.database.transaction(async (manager) => {
      await manager.save(oauthClientEntity, { clientId, secretSha256: this.digest(clientId, sealedClientSecret).toString('hex'), accounts });
      return { outcome: 'done' };
    });
  }

  @OnRequest(authenticateOauthClient)
  async authenticateOauthClient(@Payload() { clientId, sealedClientSecret }: OauthClient) {
    const given = this.digest(clientId, sealedClientSecret);
    const row = await this.database.read((manager) => manager.findOneBy(oauthClientEntity, { clientId }));
    const kept = Buffer.from(row?.secretSha256 ?? '0'.repeat(64), 'hex');
    if (!timingSafeEqual(given, kept) || !row) return { outcome: 'refused', code: 'bad-credentials' };
    return { outcome: 'done', accounts: row.accounts };
  }

  @OnRequest(setOperatorToken)
  setOperatorToken(@Payload() { tokenSha256 }: { tokenSha256: string }) {
    return this.database.transaction(async (manager) => {
      await manager.save(operatorTokenEntity, { one: 1, tokenSha256 });
      return { outcome: 'done' };
    });
  }

  @OnRequest(findOperatorToken)
  async findOperatorToken() {
    const row = await this.database.read((manager) => manager.findOneBy(operatorTokenEntity, { one: 1 }));
    return { outcome: 'done', tokenSha256: row?.tokenSha256 ?? null };
  }

  private digest(clientId: string, sealedClientSecret: string): Buffer {
    return createHash('sha256').update(this.sealing.open(sealedClientSecret, clientId)).digest();
  }
}
