// Fastify as the gateway needs it: bodies kept byte for byte, since signatures are over them.
import { bodyLimitBytes } from '@kwota/service-kit/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import { readJsonObject } from './json-body.js';
import { answerUnreadable } from './raw-url-bytes.js';

export type HttpRequest = {
  readonly raw: { readonly url?: string; readonly method?: string };
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly protocol: string;
  readonly hostname: string;
  rawBody?: Buffer;
  body?: unknown;
};

export type HttpReply = {
  status(code: number): HttpReply;
  header(name: string, value: string): HttpReply;
  getHeader(name: string): unknown;
  send(body: unknown): void;
};

/** Thrown for a body that is no JSON object; the filter turns it into a 400. */
export class BodyNotValid extends Error {
  override readonly name = 'BodyNotValid';
  readonly statusCode = 400;
}

/** A GET with 1,000 receivers (`%2B` and 11 digits with a comma each, 15 KiB) and 918 characters as `%XX%XX%XX` (8 KiB), and its headers. */
const headersBytesMax = 32 * 1_024;

/** A batch has its ids in one part of the path (OVH.md 1.3): 1,000 of 16 digits. */
const pathPartLengthMax = 17_000;

/** Read from the bytes as a form, whatever the content type says. */
const formPaths = /^\/(?:cgi-bin\/sms\/http2sms\.cgi|http2sms|auth(?:\/oauth2\/token)?)\/?(?:\?|$)/;

/** OVH's clients show it in their errors (OVH.md 2.4). */
export const queryIdHeader = 'x-ovh-queryid';
export const newQueryId = (): string => {
  const uuid = randomUUID();
  return `EU.ext-1.${uuid.slice(0, 8)}${uuid.slice(9, 13)}${uuid.slice(24, 28)}`;
};

type Replier = { code(status: number): Replier; header(name: string, value: string): Replier; send(body: string): unknown };

/** What the router cannot read never reaches Nest; its own words would repeat the URL, and that may hold a password. */
const routerErrors = (error: { statusCode?: number }, _: unknown, reply: unknown): void => {
  const message = error.statusCode === 414 ? 'A part of the path is too long' : 'The path is not a valid URL';
  const body = JSON.stringify({ class: 'Client::BadRequest', message });
  (reply as Replier).code(400).header(queryIdHeader, newQueryId()).header('content-type', 'application/json; charset=utf-8').send(body);
};

const isForm = (contentType: string): boolean => contentType.startsWith('application/x-www-form-urlencoded');

/** Offered last: a client that says HTTP/1.0 in the handshake (curl --http1.0, PHP's curl set so) is answered, as by OVH's Apache. */
const protocols = ['http/1.1', 'http/1.0'];

/** Trailing slashes are ignored (after signatures are verified over the URL as it came, OVH.md 1.3). */
export const gatewayFastify = (https?: { cert: Buffer; key: Buffer }): FastifyAdapter => {
  const options = {
    bodyLimit: bodyLimitBytes,
    // A HEAD on http2sms would send an SMS: none is made of a GET by itself.
    exposeHeadRoutes: false,
    frameworkErrors: routerErrors,
    clientErrorHandler: answerUnreadable,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: pathPartLengthMax },
    ...(https ? { https: { ...https, maxHeaderSize: headersBytesMax, ALPNProtocols: protocols } } : { http: { maxHeaderSize: headersBytesMax } }),
  };
  return new FastifyAdapter(options as { bodyLimit: number });
};

/**
 * Real clients send JSON under malformed content types, or none at all (OVH.md 2.2): whatever comes is kept raw and, unless it is a form,
 * read as JSON. Every answer has a query id.
 */
export const keepRawBodies = (app: NestFastifyApplication): void => {
  const fastify = app.getHttpAdapter().getInstance();
  // Signatures are over what came with a GET too: Java clients that write out an entity that is none send and sign "null".
  fastify.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  fastify.removeAllContentTypeParsers();
  fastify.addHook('onRequest', ({ raw, headers }, reply, done) => {
    reply.header(queryIdHeader, newQueryId());
    raw.headers['x-kwota-content-type'] = headers['content-type'] ?? '';
    if (headers['content-type'] !== undefined || headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined)
      raw.headers['content-type'] = 'application/octet-stream';
    done();
  });
  fastify.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (request, body, done) => {
    const rawBody = body as Buffer;
    (request as unknown as HttpRequest).rawBody = rawBody;
    // Clients send what they like with a DELETE or a GET; nothing here reads it.
    if (rawBody.length === 0 || request.method === 'DELETE' || request.method === 'GET' || formPaths.test(request.url)) return done(null, undefined);
    // curl's -d calls everything a form: what opens like JSON is read as JSON.
    if (isForm(String(request.headers['x-kwota-content-type'] ?? '')) && !/^\s*[{[]/.test(rawBody.toString('latin1', 0, 64))) return done(null, undefined);
    const read = readJsonObject(rawBody);
    if ('fault' in read) done(new BodyNotValid(read.fault), undefined);
    else done(null, read.body);
  });
};
