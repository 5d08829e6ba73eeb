// Fastify as the gateway needs it: bodies kept byte for byte, since signatures are over them.
import { bodyLimitBytes } from '@kwota/service-kit/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';

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
  send(body: unknown): void;
};

/** Thrown for a body that is not JSON; the filters turn it into their own 400. */
export class BodyNotJson extends Error {
  override readonly name = 'BodyNotJson';
  readonly statusCode = 400;
  constructor() {
    super('the body is not JSON');
  }
}

const isForm = (contentType: string): boolean => contentType.startsWith('application/x-www-form-urlencoded');

/** Trailing slashes are ignored (after signatures are verified over the URL as it came, OVH.md 1.3). */
export const gatewayFastify = (https?: { cert: Buffer; key: Buffer }): FastifyAdapter =>
  new FastifyAdapter({
    bodyLimit: bodyLimitBytes,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
    ...(https ? { https } : {}),
  } as { bodyLimit: number });

/**
 * Real clients send JSON under malformed content types, or none at all (OVH.md 2.2): whatever comes is kept raw and, unless it is a form,
 * read as JSON.
 */
export const keepRawBodies = (app: NestFastifyApplication): void => {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addHook('onRequest', async ({ raw, headers }) => {
    raw.headers['x-kwota-content-type'] = headers['content-type'] ?? '';
    if (headers['content-type'] !== undefined || headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined)
      raw.headers['content-type'] = 'application/octet-stream';
  });
  fastify.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (request, body, done) => {
    const rawBody = body as Buffer;
    (request as unknown as HttpRequest).rawBody = rawBody;
    if (rawBody.length === 0) return done(null, undefined);
    // curl's -d calls everything a form: what opens like JSON is read as JSON.
    if (isForm(String(request.headers['x-kwota-content-type'] ?? '')) && !/^\s*[{[]/.test(rawBody.toString('latin1', 0, 64))) return done(null, undefined);
    try {
      done(null, JSON.parse(rawBody.toString('utf8')));
    } catch {
      done(new BodyNotJson(), undefined);
    }
  });
};
