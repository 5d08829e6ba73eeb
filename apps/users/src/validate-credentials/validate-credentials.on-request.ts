import { findCredentialRequest, requestCredential, validateCredential } from '@kwota/contracts/owners.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Sealing } from '@kwota/service-kit/sealing';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { PasswordHashes } from '../authenticate-users/password-hashes.js';
import { statusAt, validationWithinMs } from '../manage-applications/credential-status.js';
import type { ReplyOf, RequestOf } from '../requests.js';
import { applicationEntity, consumerKeyEntity, ownerEntity } from '../users.entities.js';

const unknown = { outcome: 'refused', code: 'credential-unknown' } as const;

/** OVH's way to a consumer key (OVH.md 2.1): an application asks for it, the owner validates it on a page whose address is the secret. */
@Controller()
export class ValidateCredentialsOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly sealing: Sealing,
    private readonly passwords: PasswordHashes,
  ) {}

  @OnRequest(requestCredential)
  request(@Payload() request: RequestOf<typeof requestCredential>): Promise<ReplyOf<typeof requestCredential>> {
    const { applicationKey, consumerKey, tokenSha256, rules, redirection, allowedIps } = request;
    return this.database.transaction(async (manager) => {
      const application = await manager.findOneBy(applicationEntity, { applicationKey });
      if (!application) return { outcome: 'refused', code: 'application-unknown' };
      const known = await manager.findOneBy(consumerKeyEntity, { consumerKey });
      if (known) return { outcome: 'done' };
      // Anybody may ask for keys: what nobody validated in time goes.
      const forgotten = manager.createQueryBuilder().delete().from(consumerKeyEntity).where("status = 'pendingValidation'");
      await forgotten.andWhere('"createdAtMs" < :before', { before: Date.now() - validationWithinMs }).execute();
      await manager.insert(consumerKeyEntity, {
        consumerKey,
        applicationKey,
        sealedApplicationSecret: '',
        accounts: [],
        rules,
        ownerId: application.ownerId,
        status: 'pendingValidation',
        createdAtMs: Date.now(),
        expiresAtMs: null,
        lastUseAtMs: null,
        allowedIps,
        tokenSha256,
        redirection,
      });
      return { outcome: 'done' };
    });
  }

  @OnRequest(findCredentialRequest)
  async find(@Payload() { tokenSha256 }: RequestOf<typeof findCredentialRequest>): Promise<ReplyOf<typeof findCredentialRequest>> {
    return this.database.read(async (manager) => {
      const row = await manager.findOneBy(consumerKeyEntity, { tokenSha256 });
      const application = row && (await manager.findOneBy(applicationEntity, { applicationKey: row.applicationKey }));
      if (!row?.ownerId || !application) return unknown;
      return { outcome: 'done', ownerId: row.ownerId, applicationName: application.name, rules: row.rules, redirection: row.redirection, status: statusAt(row, Date.now()) };
    });
  }

  @OnRequest(validateCredential)
  async validate(@Payload() request: RequestOf<typeof validateCredential>): Promise<ReplyOf<typeof validateCredential>> {
    const { tokenSha256, ownerId, sealedPassword, granted, expiresAtMs } = request;
    const owner = await this.database.read((manager) => manager.findOneBy(ownerEntity, { ownerId }));
    if (sealedPassword !== undefined && !(await this.passwords.verify(owner?.passwordHash ?? undefined, this.sealing.open(sealedPassword, ownerId))))
      return { outcome: 'refused', code: 'bad-credentials' };
    return this.database.transaction(async (manager) => {
      const row = await manager.findOneBy(consumerKeyEntity, { tokenSha256 });
      if (!row || row.ownerId !== ownerId || statusAt(row, Date.now()) !== 'pendingValidation') return unknown;
      await manager.save(consumerKeyEntity, { ...row, status: granted ? 'validated' : 'refused', expiresAtMs });
      return { outcome: 'done', redirection: row.redirection };
    });
  }
}
