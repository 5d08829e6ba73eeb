import { findOauthClient } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import type { TokenHolder } from '../edge/access-tokens.js';
import { Remembered } from '../edge/remembered.js';
import { ChangesMadeHere } from '../known-users/changes-made-here.js';

export type OauthClient = Readonly<{ accounts: readonly string[]; ownerId?: string | undefined; secretIds: readonly string[] }>;

/** What an OAuth2 client may open now: a token is only as good as its client and the secret that it was given for. */
@Injectable()
export class OauthClients {
  private readonly remembered = new Remembered<OauthClient>();

  constructor(
    private readonly requests: RequestClient,
    changes: ChangesMadeHere,
  ) {
    changes.onChange(({ kind }) => kind === 'access-changed' && this.remembered.forgetAll());
  }

  /** Undefined for a token whose client is gone, or whose secret is good no more. @throws ServiceUnavailable when users does not answer. */
  async find({ clientId, secretId }: TokenHolder): Promise<OauthClient | undefined> {
    const client = await this.remembered.find(clientId, async () => {
      const reply = await this.requests.ask(findOauthClient, { clientId });
      return reply.outcome === 'done' ? reply : undefined;
    });
    // A token of the version before does not say for which secret it was given; it has an hour.
    return client && (secretId === undefined || client.secretIds.includes(secretId)) ? client : undefined;
  }
}
