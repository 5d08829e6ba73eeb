import { changes, type ChangeEnded } from '@kwota/contracts/changes.v1';
import { Messaging } from '@kwota/messaging';
import { ServiceUnavailable } from '@kwota/service-kit/request-client';
import { Injectable, SetMetadata, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { GatewayLog } from '../edge/gateway-log.js';
import type { OperatedRequest } from '../operator/operator.guard.js';
import { answerToError } from '../v6/ovh-answers.js';
import type { OwnedRequest } from '../v6/owner.guard.js';

type Asked = OwnedRequest & OperatedRequest & { readonly routeOptions?: { readonly url?: string } };

const notTrailed = 'kwota:not-trailed';
/** For what is no change of settings: messages have the ledger's trail, estimates change nothing. */
export const NotTrailed = (): MethodDecorator => SetMetadata(notTrailed, true);

/** The contract's limits. */
const fieldsMax = 50;
const fieldLengthMax = 64;
const subjectLengthMax = 100;
/** What belongs to no account. */
export const noAccount = '-';

/** Says on kwota.changes.v1 who wants to change what before it is tried, and how it ended: no change goes without a trace. */
@Injectable()
export class TrailChangesInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly messaging: Messaging,
    private readonly log: GatewayLog,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<Asked>();
    const by = request.owner?.by ?? request.operator?.by;
    if (by === undefined || request.method === 'GET' || this.reflector.get<boolean>(notTrailed, context.getHandler())) return next.handle();
    return from(this.trail(request, by, next));
  }

  private async trail(request: Asked, by: string, next: CallHandler): Promise<unknown> {
    const { serviceName: account = noAccount, ...names } = request.params ?? {};
    const changeId = randomUUID();
    const common = () => ({ account, changeId, by, atMs: Date.now() });
    const asked = { type: 'ChangeAsked', ...common(), action: actionOf(request), subjects: subjectsOf(names), fields: fieldsOf(request.body) } as const;
    await this.messaging.publish([changes.message(asked, { id: `${changeId}@asked`, source: 'kwota/gateway' })]).catch(() => {
      throw new ServiceUnavailable('gateway: the log does not take the trail of changes');
    });
    const end = (outcome: ChangeEnded['outcome'], httpStatus: number): Promise<void> =>
      this.messaging.publish([changes.message({ type: 'ChangeEnded', ...common(), outcome, httpStatus }, { id: `${changeId}@ended`, source: 'kwota/gateway' })]).catch(() => {
        // That it was asked for is on record; how it ended is known to whoever asked.
        this.log.error({ changeId }, 'the end of a change is not in the trail');
      });
    try {
      const answer: unknown = await lastValueFrom(next.handle(), { defaultValue: null });
      await end('done', 200);
      return answer;
    } catch (error) {
      const { status } = answerToError(error);
      await end(status < 500 ? 'refused' : 'failed', status);
      throw error;
    }
  }
}

/** In OVH's words: `PUT /sms/{serviceName}/users/{login}`. */
const actionOf = ({ method, routeOptions }: Asked): string =>
  `${method} ${(routeOptions?.url ?? '').replace(/^\/(?:1\.0|v1)(?=\/)/, '').replaceAll(/:(\w+)/g, '{$1}')}`.slice(0, 200);

/** Logins, senders, ids; a telephone number is told as one. */
const subjectsOf = (names: Readonly<Record<string, string>>): string[] =>
  Object.entries(names).map(([name, value]) => (name === 'number' ? '(number)' : value.slice(0, subjectLengthMax)));

const fieldsOf = (body: unknown): string[] =>
  typeof body === 'object' && body !== null
    ? Object.entries(body)
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([field]) => field.slice(0, fieldLengthMax))
        .slice(0, fieldsMax)
    : [];
