import { ServiceUnavailable } from '@kwota/service-kit/request-client';
import { stackOnly } from '@kwota/service-kit/messaging-strategy';
import type { Logger } from '@kwota/service-kit/logger';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { queryIdHeader, type HttpReply, type HttpRequest } from '../edge/http.js';
import { formatAnswer } from '../http2sms/http2sms.answer.js';
import { OvhError } from './ovh-error.js';

/** The one place where errors become answers: OVH's shapes, for the operator API too. Nothing of the request is logged or repeated. */
@Catch()
export class OvhErrorsFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { status, body } = this.answerTo(error);
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

  private answerTo(error: unknown): { status: number; body: Record<string, unknown> } {
    if (error instanceof OvhError) return { status: error.httpStatus, body: { ...error.fields, message: error.message } };
    if (error instanceof ServiceUnavailable)
      return { status: 503, body: { class: 'Server::ServiceUnavailable', message: `Temporarily unavailable (${error.message.split(':')[0]}), nothing was charged` } };
    if (error instanceof HttpException) {
      const status = error.getStatus();
      const message = status === 404 ? 'Got an invalid (or empty) URL' : status === 413 ? 'The body is larger than 1 MiB' : messageOf(error);
      const kind = status === 404 ? 'Client::NotFound' : status < 500 ? 'Client::BadRequest' : 'Server::InternalServerError';
      return { status, body: { class: kind, message } };
    }
    const status = statusOf(error);
    if (status === 413) return { status, body: { class: 'Client::BadRequest', message: 'The body is larger than 1 MiB' } };
    if (status >= 400 && status < 500) return { status, body: { class: 'Client::BadRequest', message: (error as Error).message } };
    return { status: 500, body: { class: 'Server::InternalServerError', message: 'Internal server error' } };
  }
}

/** Only a request that cannot be read at all comes here from http2sms (OVH.md 9): all else is answered by its controller. */
const isHttp2Sms = ({ raw: { url = '' } }: HttpRequest): boolean => /^\/(?:cgi-bin\/sms\/http2sms\.cgi|http2sms)\/?(?:\?|$)/.test(url);
const askedFormat = ({ raw: { url = '' } }: HttpRequest): string | null => new URLSearchParams(url.split('?')[1] ?? '').get('contentType');

/** class-validator's list of faults as one sentence: each names its field. */
const messageOf = (error: HttpException): string => {
  const response = error.getResponse();
  const message = typeof response === 'object' ? (response as { message?: unknown }).message : response;
  return Array.isArray(message) ? message.join('; ') : String(message ?? error.message);
};

const statusOf = (error: unknown): number => {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
};
