import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { answerToError } from './ovh-answers.js';
import type { OwnedRequest } from './owner.guard.js';

type Answered = Readonly<{ key: string; value: unknown; error: unknown }>;

/** Answers the calls of a batch one after the other, each with its value or its error. The guard has checked every one of them. */
@Injectable()
export class BatchInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<OwnedRequest>();
    return request.batch === undefined ? next.handle() : from(this.answerEach(request, next));
  }

  private async answerEach(request: OwnedRequest, next: CallHandler): Promise<Answered[]> {
    const answers: Answered[] = [];
    for (const { key, params } of request.batch ?? []) {
      // The handler takes its arguments from the request anew at each call.
      request.params = params;
      answers.push(
        await lastValueFrom(next.handle()).then(
          (value: unknown) => ({ key, value: value ?? null, error: null }),
          (error: unknown) => ({ key, value: null, error: answerToError(error).body }),
        ),
      );
    }
    return answers;
  }
}
