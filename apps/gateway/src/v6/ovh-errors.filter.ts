import { ServiceUnavailable } from '@kwota/service-kit/request-client';
import { stackOnly } from '@kwota/service-kit/messaging-strategy';
import type { Logger } from '@kwota/service-kit/logger';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { HttpReply, HttpRequest } from '../edge/http.js';
import { OvhError } from './ovh-error.js';

/** The one place where errors become answers: OVH's shapes, for the operator API too. Nothing of the request is logged or repeated. */
@Catch()
export class OvhErrorsFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { status, body } = this.answerTo(error);
    const http = host.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    const queryId = `EU.ext-1.${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    if (status >= 500) this.log.error({ queryId, method: request.method, err: stackOnly(error) }, 'a request failed');
    http.getResponse<HttpReply>().status(status).header('x-ovh-queryid', queryId).header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
  }

  private answerTo(error: unknown): { status: number; body: Record<string, unknown> } {
    if (error instanceof OvhError) return { status: error.httpStatus, body: { ...error.fields, message: error.message } };
    if (error instanceof ServiceUnavailable)
      return { status: 503, body: { class: 'Server::ServiceUnavailable', message: `Temporarily unavailable (${error.message.split(':')[0]}), nothing was charged` } };
    if (error instanceof HttpException) {
      const status = error.getStatus();
      const message = status === 404 ? 'Got an invalid (or empty) URL' : messageOf(error);
      const kind = status === 404 ? 'Client::NotFound' : status < 500 ? 'Client::BadRequest' : 'Server::InternalServerError';
      return { status, body: { class: kind, message } };
    }
    const status = statusOf(error);
    if (status === 413) return { status, body: { class: 'Client::BadRequest', message: 'The body is larger than 1 MiB' } };
    if (status >= 400 && status < 500) return { status, body: { class: 'Client::BadRequest', message: (error as Error).message } };
    return { status: 500, body: { class: 'Server::InternalServerError', message: 'Internal server error' } };
  }
}

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
