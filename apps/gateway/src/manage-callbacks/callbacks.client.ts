import { findCallbackDelivery, findFailingEndpoints, findQueuedCallbacks, pauseCallbacks, replayCallbacks, setCallbackDelivery } from '@kwota/contracts/dlr.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { parsed } from '../edge/parsed-body.js';
import { AccountsClient } from '../manage-account/accounts.client.js';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import type { NewNames } from '../repeat-calls/new-names.js';
import { badRequest, serviceUnknown } from '../v6/ovh-error.js';

/** Standard Webhooks asks for 24 to 64. */
const secretBytes = 32;

const time = z.iso.datetime({ offset: true, error: 'is no RFC 3339 time' }).transform((text) => Date.parse(text));
const filterSchema = z.object({ account: z.string().min(1).max(64).optional(), login: z.string().min(1).max(40).optional(), from: time.optional(), to: time.optional() }).strict();
const listSchema = filterSchema.extend({ state: z.enum(['waiting', 'delivered', 'superseded', 'dead']).optional() }).strict();
const replaySchema = filterSchema.extend({ dryRun: z.boolean().optional() }).strict();
const deliverySchema = z.object({ format: z.enum(['get', 'json']) }).strict();

/** Callbacks as the operator sees them: kept by dlr. */
@Injectable()
export class CallbacksClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
    private readonly users: ApiUsersClient,
    private readonly accounts: AccountsClient,
  ) {}

  async list(query: unknown) {
    const { state, ...filter } = parsed(listSchema, query);
    const { paused, counts, callbacks } = await this.requests.ask(findQueuedCallbacks, { ...(await this.filterOf(filter)), ...(state && { state }) });
    return { paused, counts, callbacks };
  }

  async replay(body: unknown) {
    const { dryRun, ...filter } = parsed(replaySchema, body ?? {});
    const { replayed, superseded } = await this.requests.ask(replayCallbacks, { ...(await this.filterOf(filter)), ...(dryRun !== undefined && { dryRun }) });
    return { replayed, superseded };
  }

  async pause(paused: boolean): Promise<void> {
    await this.requests.ask(pauseCallbacks, { paused });
  }

  async failing() {
    return (await this.requests.ask(findFailingEndpoints, {})).endpoints;
  }

  async delivery(account: string, login: string | undefined) {
    const userId = await this.userIdOf(account, login);
    const { deliveries } = await this.requests.ask(findCallbackDelivery, { account });
    const { format, signed, previousSecretUntilMs } = deliveries.find((one) => one.userId === userId) ?? { format: 'get', signed: false, previousSecretUntilMs: null };
    return { format, signed, previousSecretUntil: previousSecretUntilMs === null ? null : new Date(previousSecretUntilMs).toISOString() };
  }

  async setFormat(account: string, login: string | undefined, body: unknown): Promise<void> {
    const { format } = parsed(deliverySchema, body);
    await this.requests.ask(setCallbackDelivery, { account, userId: await this.userIdOf(account, login), format });
  }

  /** A new secret, told this once; the one before signs beside it for a day. */
  async renewSecret(account: string, login: string | undefined, names: NewNames): Promise<{ secret: string }> {
    const userId = await this.userIdOf(account, login);
    const secret = `whsec_${names('callback secret', secretBytes).toString('base64')}`;
    const sealedSecret = this.sealing.seal(secret, `callback|${account}|${userId ?? ''}`);
    const reply = await this.requests.ask(setCallbackDelivery, { account, userId, sealedSecret });
    if (reply.outcome === 'refused') throw badRequest('The secret was not taken: the services have different KWOTA_SECRET_KEY');
    return { secret };
  }

  async dropSecret(account: string, login: string | undefined): Promise<void> {
    await this.requests.ask(setCallbackDelivery, { account, userId: await this.userIdOf(account, login), sealedSecret: null });
  }

  private async filterOf({ account, login, from, to }: Omit<z.infer<typeof listSchema>, 'state'>) {
    if (login !== undefined && account === undefined) throw badRequest('login needs account');
    return {
      ...(account !== undefined && { account }),
      ...(account !== undefined && login !== undefined && { userId: await this.userIdOf(account, login) }),
      ...(from !== undefined && { fromMs: Math.max(0, from) }),
      ...(to !== undefined && { toMs: Math.max(0, to) }),
    };
  }

  /** null: the account itself. */
  private async userIdOf(account: string, login: string | undefined): Promise<string | null> {
    if (login !== undefined) return (await this.users.one(account, login)).userId;
    if (!(await this.accounts.names()).includes(account)) throw serviceUnknown();
    return null;
  }
}
