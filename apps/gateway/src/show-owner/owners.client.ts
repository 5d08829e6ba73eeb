import { listApplications, listCredentials, listOwners, type CredentialView } from '@kwota/contracts/owners.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { objectUnknown } from '../v6/ovh-error.js';
import type { Owner } from '../v6/owner.guard.js';

/** RFC 3339 with an offset, as OVH writes it. */
const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, '+00:00');

/** Whoever asks, as OVH shows him: nichandle, applications, keys. Keys of before there were owners have none. */
@Injectable()
export class OwnersClient {
  constructor(private readonly requests: RequestClient) {}

  async nichandle({ ownerId }: Owner) {
    const owner = ownerId === undefined ? undefined : (await this.requests.ask(listOwners, { ownerId })).owners[0];
    return {
      nichandle: ownerId ?? 'kwota',
      email: owner?.email ?? '',
      firstname: owner?.firstname ?? '',
      name: owner?.name ?? '',
      state: 'complete',
      country: null,
      currency: { code: 'EUR', symbol: '€' },
      language: 'en_GB',
      organisation: null,
      phone: null,
    };
  }

  async applications({ ownerId }: Owner) {
    return ownerId === undefined ? [] : (await this.requests.ask(listApplications, { ownerId })).applications;
  }

  async application(owner: Owner, applicationId: number) {
    const found = (await this.applications(owner)).find((one) => one.applicationId === applicationId);
    if (!found) throw objectUnknown();
    const { applicationKey, name, description } = found;
    return { applicationId, applicationKey, name, description, status: 'active' };
  }

  async credentials({ ownerId, credentialId }: Owner): Promise<CredentialView[]> {
    if (ownerId !== undefined) return (await this.requests.ask(listCredentials, { ownerId })).credentials;
    return credentialId === undefined ? [] : (await this.requests.ask(listCredentials, { credentialId })).credentials;
  }

  /** auth.ApiCredential (OVH.md 2.1). */
  async credential(owner: Owner, credentialId: number) {
    const [applications, credentials] = await Promise.all([this.applications(owner), this.credentials(owner)]);
    const found = credentials.find((one) => one.credentialId === credentialId);
    if (!found) throw objectUnknown();
    const { rules, allowedIps, status, createdAtMs, expiresAtMs, lastUseAtMs, applicationKey } = found;
    return {
      credentialId,
      applicationId: applications.find((one) => one.applicationKey === applicationKey)?.applicationId ?? 0,
      creation: iso(createdAtMs),
      expiration: expiresAtMs === null ? null : iso(expiresAtMs),
      lastUse: lastUseAtMs === null ? null : iso(lastUseAtMs),
      status,
      rules,
      allowedIPs: allowedIps.length === 0 ? null : allowedIps,
      ovhSupport: false,
    };
  }
}
