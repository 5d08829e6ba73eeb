import {
  deleteApplication,
  deleteOauthClient,
  listApplications,
  listCredentials,
  listOauthClients,
  revokeCredential,
  saveApplication,
  saveOauthClient,
} from '@kwota/contracts/owners.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Sealing } from '@kwota/service-kit/sealing';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { createHash } from 'node:crypto';
import type { ReplyOf, RequestOf } from '../requests.js';
import { applicationEntity, consumerKeyEntity, oauthClientEntity, ownerEntity } from '../users.entities.js';
import { statusAt } from './credential-status.js';

/** Applications and OAuth2 clients of owners. A new secret leaves the one before good for a while, so that nobody stands outside meanwhile. */
@Controller()
export class ManageApplicationsOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly sealing: Sealing,
  ) {}

  @OnRequest(saveApplication)
  saveApplication(@Payload() request: RequestOf<typeof saveApplication>): Promise<ReplyOf<typeof saveApplication>> {
    const { applicationKey, ownerId, name, description, sealedApplicationSecret: sealedSecret, overlapMs = 0 } = request;
    return this.database.transaction(async (manager) => {
      if (!(await manager.existsBy(ownerEntity, { ownerId }))) return { outcome: 'refused', code: 'owner-unknown' };
      const before = await manager.findOneBy(applicationEntity, { applicationKey });
      if (before && before.ownerId !== ownerId) return { outcome: 'refused', code: 'application-taken' };
      if (before) {
        const renewed = sealedSecret !== undefined && sealedSecret !== before.sealedSecret;
        await manager.save(applicationEntity, {
          ...before,
          name: name ?? before.name,
          description: description ?? before.description,
          ...(renewed ? { sealedSecret, secretChangedAtMs: Date.now(), ...previousOf(before.sealedSecret, overlapMs) } : {}),
        });
        return { outcome: 'done', created: false };
      }
      if (sealedSecret === undefined) return { outcome: 'refused', code: 'secret-missing' };
      const row = { applicationKey, ownerId, name: name ?? '', description: description ?? '', sealedSecret, secretChangedAtMs: Date.now(), previousSealedSecret: null, previousUntilMs: null };
      await manager.save(applicationEntity, row);
      return { outcome: 'done', created: true };
    });
  }

  @OnRequest(listApplications)
  async listApplications(@Payload() where: RequestOf<typeof listApplications>): Promise<ReplyOf<typeof listApplications>> {
    const rows = await this.database.read((manager) => manager.find(applicationEntity, { where, order: { applicationId: 'ASC' } }));
    const applications = rows.map(({ applicationId, applicationKey, ownerId, name, description, secretChangedAtMs, previousUntilMs }) => ({
      applicationId,
      applicationKey,
      ownerId,
      name,
      description,
      secretChangedAtMs,
      previousUntilMs,
    }));
    return { outcome: 'done', applications };
  }

  @OnRequest(deleteApplication)
  deleteApplication(@Payload() { applicationKey }: RequestOf<typeof deleteApplication>): Promise<ReplyOf<typeof deleteApplication>> {
    return this.database.transaction(async (manager) => {
      const { affected: keys } = await manager.delete(consumerKeyEntity, { applicationKey });
      const { affected } = await manager.delete(applicationEntity, { applicationKey });
      return affected || keys ? { outcome: 'done' } : { outcome: 'refused', code: 'application-unknown' };
    });
  }

  @OnRequest(listCredentials)
  async listCredentials(@Payload() where: RequestOf<typeof listCredentials>): Promise<ReplyOf<typeof listCredentials>> {
    const rows = await this.database.read((manager) => manager.find(consumerKeyEntity, { where, order: { credentialId: 'ASC' } }));
    const nowMs = Date.now();
    const credentials = rows.map((row) => {
      const { credentialId, applicationKey, ownerId, rules, allowedIps, createdAtMs, expiresAtMs, lastUseAtMs } = row;
      return { credentialId, applicationKey, ownerId, rules, allowedIps, status: statusAt(row, nowMs), createdAtMs, expiresAtMs, lastUseAtMs };
    });
    return { outcome: 'done', credentials };
  }

  @OnRequest(revokeCredential)
  async revokeCredential(@Payload() { credentialId }: RequestOf<typeof revokeCredential>): Promise<ReplyOf<typeof revokeCredential>> {
    // It stays as expired: whoever still signs with it is told so (OVH.md 2.4).
    const ended = { status: 'expired', expiresAtMs: Date.now() } as const;
    const { affected } = await this.database.transaction((manager) => manager.update(consumerKeyEntity, { credentialId }, ended));
    return affected ? { outcome: 'done' } : { outcome: 'refused', code: 'credential-unknown' };
  }

  @OnRequest(saveOauthClient)
  saveOauthClient(@Payload() { clientId, ownerId, name, sealedClientSecret, overlapMs = 0 }: RequestOf<typeof saveOauthClient>): Promise<ReplyOf<typeof saveOauthClient>> {
    const secretSha256 = sealedClientSecret === undefined ? undefined : createHash('sha256').update(this.sealing.open(sealedClientSecret, clientId)).digest('hex');
    return this.database.transaction(async (manager) => {
      if (!(await manager.existsBy(ownerEntity, { ownerId }))) return { outcome: 'refused', code: 'owner-unknown' };
      const before = await manager.findOneBy(oauthClientEntity, { clientId });
      if (before && before.ownerId !== ownerId) return { outcome: 'refused', code: 'client-taken' };
      if (before) {
        const renewed = secretSha256 !== undefined && secretSha256 !== before.secretSha256;
        const { previousSealedSecret: previousSecretSha256, previousUntilMs } = previousOf(before.secretSha256, overlapMs);
        await manager.save(oauthClientEntity, { ...before, name: name ?? before.name, ...(renewed ? { secretSha256, previousSecretSha256, previousUntilMs } : {}) });
        return { outcome: 'done', created: false };
      }
      if (secretSha256 === undefined) return { outcome: 'refused', code: 'secret-missing' };
      await manager.save(oauthClientEntity, { clientId, ownerId, name: name ?? '', secretSha256, accounts: [], previousSecretSha256: null, previousUntilMs: null });
      return { outcome: 'done', created: true };
    });
  }

  @OnRequest(listOauthClients)
  async listOauthClients(@Payload() where: RequestOf<typeof listOauthClients>): Promise<ReplyOf<typeof listOauthClients>> {
    const rows = await this.database.read((manager) => manager.find(oauthClientEntity, { where, order: { clientId: 'ASC' } }));
    return { outcome: 'done', clients: rows.map(({ clientId, ownerId, name, previousUntilMs }) => ({ clientId, ownerId, name, previousUntilMs })) };
  }

  @OnRequest(deleteOauthClient)
  async deleteOauthClient(@Payload() { clientId }: RequestOf<typeof deleteOauthClient>): Promise<ReplyOf<typeof deleteOauthClient>> {
    const { affected } = await this.database.transaction((manager) => manager.delete(oauthClientEntity, { clientId }));
    return affected ? { outcome: 'done' } : { outcome: 'refused', code: 'client-unknown' };
  }
}

const previousOf = (secret: string, overlapMs: number) =>
  overlapMs > 0 ? { previousSealedSecret: secret, previousUntilMs: Date.now() + overlapMs } : { previousSealedSecret: null, previousUntilMs: null };
