import { stackOnly } from '@kwota/service-kit/messaging-strategy';
import type { Logger } from '@kwota/service-kit/logger';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { queryIdHeader, type HttpReply, type HttpRequest } from '../edge/http.js';
import { formatAnswer } from '../http2sms/http2sms.answer.js';
import { answerToError } from './ovh-answers.js';

/** The one place where errors become answers: OVH's shapes, for the operator API too. Nothing of the request is logged or repeated. */
@Catch()
export class OvhErrorsFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { status, body } = answerToError(error);
    const http = host.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    const reply = http.getResponse<HttpReply>();
    const queryId = String(reply.getHeader(queryIdHeader) ?? '');
    if (status >= 500) this.log.error({ queryId, method: request.method, err: stackOnly(error) }, 'a request failed');
    if (isHttp2Sms(request)) {
      const refusal = formatAnswer({ status: 202, message: `Invalid request: ${String(body['message'])}` }, askedFormat(request));
      reply.status(400).header('content-type', refusal.contentType).send(refusal.body);
      return;
    }
    reply.status(status).header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
  }
}

/** Only a request that cannot be read at all comes here from http2sms (OVH.md 9): all else is answered by its controller. */
const isHttp2Sms = ({ raw: { url = '' } }: HttpRequest): boolean => /^\/(?:cgi-bin\/sms\/http2sms\.cgi|http2sms)\/?(?:\?|$)/.test(url);
const askedFormat = ({ raw: { url = '' } }: HttpRequest): string | null => new URLSearchParams(url.split('?')[1] ?? '').get('contentType');
