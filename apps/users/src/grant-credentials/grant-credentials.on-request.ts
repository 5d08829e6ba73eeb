import {
  authenticateOauthClient,
  createApplication,
  createOauthClient,
  findCredential,
  findOauthClient,
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
import type { EntityManager } from 'typeorm';
import { statusAt } from '../manage-applications/credential-status.js';
import type { ReplyOf, RequestOf } from '../requests.js';
import { applicationEntity, consumerKeyEntity, oauthClientEntity, operatorTokenEntity, ownerEntity, type OauthClientRow } from '../users.entities.js';

type CreateApplication = {
  applicationKey: string;
  sealedApplicationSecret: string;
  consumerKey: string;
  accounts: string[];
  rules: AccessRule[];
  ownerId?: string;
};
type OauthClient = { clientId: string; sealedClientSecret: string };

/** `lastUse` need not be exact; each use would be a write. */
const lastUseStepMs = 60_000;

/** Owners' and the operator's ways in. Application secrets stay recoverable (a signature needs them), so they lie sealed; the rest as SHA-256 of random secrets. */
@Controller()
export class GrantCredentialsOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly sealing: Sealing,
  ) {}

  /** With an owner, who is made where he is not: what the first start needs. */
  @OnRequest(createApplication)
  createApplication(@Payload() request: CreateApplication) {
    const { applicationKey, sealedApplicationSecret, consumerKey, accounts, rules, ownerId = null } = request;
    return this.database.transaction(async (manager) => {
      if (ownerId !== null) await this.ownerWithApplication(manager, ownerId, request);
      const known = await manager.findOneBy(consumerKeyEntity, { consumerKey });
      await manager.save(consumerKeyEntity, {
        ...(known ?? { createdAtMs: Date.now(), expiresAtMs: null, lastUseAtMs: null, allowedIps: [], tokenSha256: null, redirection: null, status: 'validated' as const }),
        consumerKey,
        applicationKey,
        sealedApplicationSecret,
        accounts,
        rules,
        ownerId,
      });
      return { outcome: 'done' };
    });
  }

  @OnRequest(findCredential)
  async findCredential(@Payload() { applicationKey, consumerKey }: { applicationKey: string; consumerKey: string }) {
    const nowMs = Date.now();
    const found = await this.database.read(async (manager) => {
      const application = await manager.findOneBy(applicationEntity, { applicationKey });
      if (!application && !(await manager.existsBy(consumerKeyEntity, { applicationKey }))) return { outcome: 'refused', code: 'application-unknown' } as const;
      const row = await manager.findOneBy(consumerKeyEntity, { applicationKey, consumerKey });
      if (!row) return { outcome: 'refused', code: 'consumer-key-unknown' } as const;
      if (statusAt(row, nowMs) !== 'validated') return { outcome: 'refused', code: 'consumer-key-unknown', void: true } as const;
      const owner = row.ownerId === null ? null : await manager.findOneBy(ownerEntity, { ownerId: row.ownerId });
      return { outcome: 'done', row, application, owner } as const;
    });
    if (found.outcome === 'refused') return found;
    const { row, application, owner } = found;
    if ((row.lastUseAtMs ?? 0) < nowMs - lastUseStepMs)
      await this.database.transaction((manager) => manager.update(consumerKeyEntity, { credentialId: row.credentialId }, { lastUseAtMs: nowMs }));
    const previous = application && (application.previousUntilMs ?? 0) > nowMs ? application.previousSealedSecret : null;
    return {
      outcome: 'done',
      credentialId: row.credentialId,
      sealedApplicationSecret: application?.sealedSecret ?? row.sealedApplicationSecret,
      ...(previous === null ? {} : { previousSealedApplicationSecret: previous }),
      // An owner's accounts are those that he has now.
      accounts: row.ownerId === null ? row.accounts : (owner?.accounts ?? []),
      rules: row.rules,
      allowedIps: row.allowedIps,
      ...(row.ownerId === null ? {} : { ownerId: row.ownerId }),
    };
  }

  @OnRequest(createOauthClient)
  createOauthClient(@Payload() { clientId, sealedClientSecret, accounts, ownerId = null }: OauthClient & { accounts: string[]; ownerId?: string | null }) {
    return this.database.transaction(async (manager) => {
      const secretSha256 = this.digest(clientId, sealedClientSecret).toString('hex');
      await manager.save(oauthClientEntity, { clientId, secretSha256, accounts, ownerId, name: '', previousSecretSha256: null, previousUntilMs: null });
      return { outcome: 'done' };
    });
  }

  @OnRequest(authenticateOauthClient)
  async authenticateOauthClient(@Payload() { clientId, sealedClientSecret }: OauthClient) {
    const given = this.digest(clientId, sealedClientSecret);
    const { row, accounts, ownerId } = await this.clientOf(clientId);
    const secrets = goodSecrets(row);
    const kept = [secrets[0], secrets[1]].map((hex) => Buffer.from(hex ?? '0'.repeat(64), 'hex'));
    // Both are compared, whichever is right.
    const right = kept.map((one) => timingSafeEqual(given, one)).indexOf(true);
    if (right === -1 || !row) return { outcome: 'refused', code: 'bad-credentials' };
    return { outcome: 'done', accounts, ...ownerId, secretId: secretIdOf(given.toString('hex')) };
  }

  @OnRequest(findOauthClient)
  async findOauthClient(@Payload() { clientId }: RequestOf<typeof findOauthClient>): Promise<ReplyOf<typeof findOauthClient>> {
    const { row, accounts, ownerId } = await this.clientOf(clientId);
    if (!row) return { outcome: 'refused', code: 'client-unknown' };
    return { outcome: 'done', accounts, ...ownerId, secretIds: goodSecrets(row).map(secretIdOf) };
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

  /** With the accounts that its owner has now. */
  private clientOf(clientId: string) {
    return this.database.read(async (manager) => {
      const row = await manager.findOneBy(oauthClientEntity, { clientId });
      const owner = row?.ownerId ? await manager.findOneBy(ownerEntity, { ownerId: row.ownerId }) : null;
      return { row, accounts: (row?.ownerId == null ? row?.accounts : owner?.accounts) ?? [], ownerId: row?.ownerId == null ? {} : { ownerId: row.ownerId } };
    });
  }

  private async ownerWithApplication(manager: EntityManager, ownerId: string, { applicationKey, sealedApplicationSecret, accounts }: CreateApplication): Promise<void> {
    if (!(await manager.existsBy(ownerEntity, { ownerId }))) await manager.insert(ownerEntity, { ownerId, email: '', firstname: '', name: '', accounts, passwordHash: null });
    const known = await manager.findOneBy(applicationEntity, { applicationKey });
    if (known) return;
    const secret = { sealedSecret: sealedApplicationSecret, secretChangedAtMs: Date.now(), previousSealedSecret: null, previousUntilMs: null };
    await manager.insert(applicationEntity, { applicationKey, ownerId, name: 'First application', description: '', ...secret });
  }

  private digest(clientId: string, sealedClientSecret: string): Buffer {
    return createHash('sha256').update(this.sealing.open(sealedClientSecret, clientId)).digest();
  }
}

/** SHA-256 (hex) of the current secret, and of the one before while it is good too. */
const goodSecrets = (client: OauthClientRow | null): string[] => {
  if (!client) return [];
  const { secretSha256, previousSecretSha256, previousUntilMs } = client;
  return previousSecretSha256 !== null && (previousUntilMs ?? 0) > Date.now() ? [secretSha256, previousSecretSha256] : [secretSha256];
};

/** 64 bits of a digest of the digest: enough to tell secrets apart, nothing to find one by. */
const secretIdOf = (secretSha256: string): string => createHash('sha256').update(secretSha256).digest('hex').slice(0, 16);
