import { findCredential, type AccessRule } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable } from '@nestjs/common';
import { Remembered } from '../edge/remembered.js';
import { ChangesMadeHere } from '../known-users/changes-made-here.js';
import { authenticationError } from './ovh-error.js';

export type OwnerCredential = Readonly<{
  /** The current one, and the one before while both are good. */
  applicationSecrets: readonly string[];
  accounts: readonly string[];
  rules: readonly AccessRule[];
  credentialId: number;
  /** Undefined for keys of before there were owners. */
  ownerId: string | undefined;
  /** Empty: from anywhere. */
  allowedIps: readonly string[];
}>;

/** Application secrets and rights by (application key, consumer key), asked of users and remembered for ten seconds. */
@Injectable()
export class OwnerCredentials {
  private readonly remembered = new Remembered<OwnerCredential>();

  constructor(
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
    changes: ChangesMadeHere,
  ) {
    changes.onChange(({ kind }) => kind === 'access-changed' && this.remembered.forgetAll());
  }

  /** @throws OvhError for unknown keys, ServiceUnavailable when users does not answer. */
  async find(applicationKey: string, consumerKey: string): Promise<OwnerCredential> {
    return (await this.remembered.find(JSON.stringify([applicationKey, consumerKey]), () => this.ask(applicationKey, consumerKey))) as OwnerCredential;
  }

  private async ask(applicationKey: string, consumerKey: string): Promise<OwnerCredential> {
    const reply = await this.requests.ask(findCredential, { applicationKey, consumerKey });
    if (reply.outcome === 'refused') {
      if (reply.code === 'application-unknown') throw authenticationError(403, 'INVALID_KEY', 'This application key is invalid');
      // OVH tells apart a key that it never gave out and one that is not, or no longer, good (OVH.md 2.4).
      if (!reply.void) throw authenticationError(403, 'NOT_CREDENTIAL', 'This credential does not exist');
      throw authenticationError(403, 'INVALID_CREDENTIAL', 'This credential is not valid');
    }
    const { credentialId, accounts, rules, ownerId, allowedIps = [], sealedApplicationSecret, previousSealedApplicationSecret } = reply;
    const sealed = [sealedApplicationSecret, ...(previousSealedApplicationSecret === undefined ? [] : [previousSealedApplicationSecret])];
    return { credentialId, accounts, rules, ownerId, allowedIps, applicationSecrets: sealed.map((secret) => this.sealing.open(secret, applicationKey)) };
  }
}
