// http2sms by shell scripts: curl and PHP send what stands in the URL as it is, "message=café" as bytes. OVH's Apache takes that, Node's
// parser does not. A whole GET of http2sms that failed for it is asked once more with those bytes escaped.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

type ClientError = Readonly<{ code?: string; rawPacket?: Buffer }>;
type Answer = Readonly<{ statusCode: number; headers: Readonly<Record<string, unknown>>; rawPayload: Buffer }>;
/** What is used of Fastify, which binds itself as `this`. */
type Asked = Readonly<{ inject(request: MendedRequest & { method: 'GET'; remoteAddress: string }): Promise<Answer> }>;
export type MendedRequest = Readonly<{ url: string; headers: Record<string, string> }>;

const headForm = /^GET (\/(?:cgi-bin\/sms\/http2sms\.cgi|http2sms)\/?\?[^ \r\n]*) HTTP\/1\.[01]\r\n((?:[\w!#$%&'*+.^`|~-]+:[^\r\n]*\r\n)*)\r\n$/;

/** Undefined for anything but one whole GET of http2sms whose URL has bytes beyond ASCII. */
export const mendRequest = (packet: Buffer): MendedRequest | undefined => {
  const [, rawUrl, lines = ''] = headForm.exec(packet.toString('latin1')) ?? [];
  if (rawUrl === undefined) return undefined;
  const url = rawUrl.replaceAll(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  if (url === rawUrl) return undefined;
  const headers = lines.split('\r\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const);
  return { url, headers: Object.fromEntries(headers) };
};

const plainAnswer = (status: number, message: string): string => {
  const body = JSON.stringify({ class: 'Client::BadRequest', message });
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
};

/** Whoever leaves his half of the connection open is not waited for. */
const endWith = (socket: Socket, answer: string | Buffer): void => void socket.end(answer, () => socket.destroy());

const answerMended = async (fastify: Asked, mended: MendedRequest, socket: Socket): Promise<void> => {
  const { statusCode, headers, rawPayload } = await fastify.inject({ method: 'GET', ...mended, remoteAddress: socket.remoteAddress ?? '' });
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  endWith(socket, Buffer.concat([Buffer.from(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n`), rawPayload]));
};

/** Fastify's `clientErrorHandler`: the connection ends with the answer. */
export function answerUnreadable(this: Asked, { code, rawPacket }: ClientError, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const mended = code === 'HPE_INVALID_URL' && rawPacket ? mendRequest(rawPacket) : undefined;
  if (mended) return void answerMended(this, mended, socket).catch(() => socket.destroy());
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return endWith(socket, plainAnswer(408, 'The request did not come in time'));
  if (code === 'HPE_HEADER_OVERFLOW') return endWith(socket, plainAnswer(431, 'The headers are too large'));
  endWith(socket, plainAnswer(400, 'The request is not valid HTTP'));
}
