import { ServiceUnavailable } from '@kwota/service-kit/request-client';
import { HttpException } from '@nestjs/common';
import { OvhError } from './ovh-error.js';

/** Any error as OVH would tell it (OVH.md 2.4): HTTP status and body. Nothing of the request is repeated. */
export const answerToError = (error: unknown): { status: number; body: Record<string, unknown> } => {
  if (error instanceof OvhError) return { status: error.httpStatus, body: { ...error.fields, message: error.message } };
  if (error instanceof ServiceUnavailable)
    return { status: 503, body: { class: 'Server::ServiceUnavailable', message: `Temporarily unavailable (${error.message.split(':')[0]}), nothing was charged` } };
  if (error instanceof HttpException) {
    const status = error.getStatus();
    const message = status === 404 ? 'Got an invalid (or empty) URL' : status === 413 ? 'The body is larger than 1 MiB' : error.message;
    const kind = status === 404 ? 'Client::NotFound' : status < 500 ? 'Client::BadRequest' : 'Server::InternalServerError';
    return { status, body: { class: kind, message } };
  }
  const status = statusOf(error);
  if (status === 413) return { status, body: { class: 'Client::BadRequest', message: 'The body is larger than 1 MiB' } };
  if (status >= 400 && status < 500) return { status, body: { class: 'Client::BadRequest', message: (error as Error).message } };
  return { status: 500, body: { class: 'Server::InternalServerError', message: 'Internal server error' } };
};

const statusOf = (error: unknown): number => {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
};
