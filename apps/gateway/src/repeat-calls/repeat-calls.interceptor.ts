import { claimCall, endCall } from '@kwota/contracts/calls.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { createHmac, randomUUID } from 'node:crypto';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { GatewayLog } from '../edge/gateway-log.js';
import { idempotencyKeyOf } from '../edge/idempotency-key.js';
import type { OperatedRequest } from '../operator/operator.guard.js';
import { answerToError } from '../v6/ovh-answers.js';
import { conflict } from '../v6/ovh-error.js';
import type { OwnedRequest } from '../v6/owner.guard.js';
import { namesOf, type NamingRequest } from './new-names.js';
import { oncePerKey } from './once-per-key.js';

type Asked = OwnedRequest & OperatedRequest & NamingRequest;

/** What all gateways derive from KWOTA_SECRET_KEY: keys and bodies (with passwords in them) leave this process as digests under it. */
export class CallsKey {
  constructor(readonly key: Buffer) {}

  digest(purpose: string, ...parts: readonly string[]): string {
    return createHmac('sha256', this.key).update(JSON.stringify([purpose, ...parts])).digest('hex');
  }
}

/** A call under an Idempotency-Key runs once; its repeats get its answer from users, and leave no second trace. */
@Injectable()
export class RepeatCallsInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
    private readonly callsKey: CallsKey,
    private readonly log: GatewayLog,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (!this.reflector.get<boolean>(oncePerKey, context.getHandler())) return next.handle();
    const request = context.switchToHttp().getRequest<Asked>();
    const header = request.headers['idempotency-key'];
    const key = idempotencyKeyOf(Array.isArray(header) ? header[0] : header);
    const by = request.owner?.by ?? request.operator?.by;
    return key === undefined || by === undefined ? next.handle() : from(this.once(request, by, key, next));
  }

  private async once(request: Asked, by: string, key: string, next: CallHandler): Promise<unknown> {
    const callId = this.callsKey.digest('call', by, key);
    const attemptId = randomUUID();
    const asked = [request.method, request.raw.url ?? '', JSON.stringify(request.body ?? null)] as const;
    const claimed = await this.requests.ask(claimCall, { callId, bodyDigest: this.callsKey.digest('body', ...asked), attemptId });
    if (claimed.outcome === 'refused')
      throw conflict(claimed.code === 'under-way' ? 'A call under this Idempotency-Key is under way' : 'The Idempotency-Key was used for another call');
    if (claimed.sealedAnswer !== null) return JSON.parse(this.sealing.open(claimed.sealedAnswer, callId)) as unknown;
    request.newNames = namesOf(this.callsKey.key, claimed.seed);
    try {
      const answer: unknown = (await lastValueFrom(next.handle(), { defaultValue: null })) ?? null;
      await this.end({ callId, attemptId, end: 'done', sealedAnswer: this.sealing.seal(JSON.stringify(answer), callId) });
      return answer;
    } catch (error) {
      await this.end({ callId, attemptId, end: answerToError(error).status < 500 ? 'refused' : 'unknown' });
      throw error;
    }
  }

  /** What was done is done, whether or not its end can be noted: a repeat runs again then, with the same names. */
  private async end(request: Parameters<typeof endCall.message>[0]): Promise<void> {
    await this.requests.ask(endCall, request).catch(() => this.log.warn({}, 'the end of a call under an Idempotency-Key was not noted'));
  }
}
