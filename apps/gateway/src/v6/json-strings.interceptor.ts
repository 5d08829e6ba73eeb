import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import type { HttpReply } from '../edge/http.js';

/** A text as an answer is JSON too, in quotation marks: clients parse whatever comes. What has a type of its own already is left alone. */
@Injectable()
export class JsonStringsInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<HttpReply>();
    return next.handle().pipe(
      map((answer: unknown) => {
        if (typeof answer !== 'string' || reply.getHeader('content-type')) return answer;
        reply.header('content-type', 'application/json; charset=utf-8');
        return JSON.stringify(answer);
      }),
    );
  }
}
