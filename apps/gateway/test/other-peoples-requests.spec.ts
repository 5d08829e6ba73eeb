// Requests as programs of other people send them, which run against OVH: each has been seen in the program that is named with it.
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import 'reflect-metadata';
import { generate } from 'selfsigned';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { gatewayFastify, keepRawBodies } from '../src/edge/http.js';
import { phoneFilter, timeFilter } from '../src/edge/query-filters.js';
import { mendRequest } from '../src/edge/raw-url-bytes.js';
import { readParameters } from '../src/http2sms/http2sms.parameters.js';
import { readBody, readForm } from '../src/http2sms/http2sms.query.js';
import { ChangeApiUserDto } from '../src/manage-users/api-user.dto.js';
import { SendJobDto } from '../src/send-jobs/send-job.dto.js';

const all = { account: 'sms-kw00001-1', login: 'demo', password: 'Demo_123', from: 'KWOTA', to: '0033600000004', message: 'Hello' };
const read = (form: URLSearchParams) => readParameters(form, Date.UTC(2030, 0, 1), 'UTC');

describe('http2sms', () => {
  it('the account under its older name, smsAccount (Odoo’s addons, Shinken)', () => {
    const { account, ...others } = all;
    expect(read(new URLSearchParams({ smsAccount: account, ...others }))).toMatchObject({ account });
    expect(read(new URLSearchParams({ smsAccount: 'sms-other-1', ...all }))).toMatchObject({ account });
    expect(read(new URLSearchParams(others))).toEqual({ status: 201, message: 'Missing account' });
  });

  it('a class that is none is left out: Ogham 3.0.0 sends the name of a Java class with every message', () => {
    expect(read(new URLSearchParams({ ...all, class: 'class fr.sii.ogham.sms.sender.impl.ovh.OvhOptions' }))).toMatchObject({ message: 'Hello', messageClass: undefined });
    expect(read(new URLSearchParams({ ...all, class: '0' }))).toMatchObject({ messageClass: 0 });
  });

  it('switches without a value, empty pairs and percent signs that escape nothing (Soffid, PHP scripts)', () =>
    expect(read(readForm('&account=a&login=b&password=c&from=d&to=0033600000004&message=your%20bank%ATLANTIQUE%&noStop&&class='))).toMatchObject({
      message: 'your bank%ATLANTIQUE%',
      noStop: false,
      messageClass: undefined,
    }));

  describe('multipart, as PHP’s curl sends an array and curl -F its fields', () => {
    const boundary = '------------------------d74496d66958873e';
    const part = (name: string, value: string) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const bodyOf = (message: string, encoding: BufferEncoding) =>
      Buffer.from(`${Object.entries({ ...all, message }).map(([name, value]) => part(name, value)).join('')}--${boundary}--\r\n`, encoding);
    const type = `multipart/form-data; boundary=${boundary}`;

    it.each<[BufferEncoding]>([['utf8'], ['latin1']])('in %s', async (encoding) =>
      expect(read(await readBody(bodyOf('héllo & 100% + "più"\r\nyou', encoding), type))).toMatchObject({ ...all, to: [all.to], message: 'héllo & 100% + "più"\nyou' }),
    );

    it('that is cut off, or has no boundary, is an empty form', async () => {
      expect([...(await readBody(bodyOf('x', 'utf8').subarray(0, 90), type))]).toEqual([]);
      expect([...(await readBody(bodyOf('x', 'utf8'), 'multipart/form-data'))]).toEqual([]);
    });
  });
});

describe('bytes beyond ASCII in a URL, as curl and PHP send what a script wrote', () => {
  const get = (url: string) => `GET ${url} HTTP/1.1\r\nHost: sms.example.org\r\nUser-Agent: curl/7.88.1\r\n\r\n`;
  const cafe = '/http2sms?message=caf\u00e9';

  it.each([
    ['has none', get('/http2sms?message=cafe')],
    ['is for another path', get('/1.0/sms?message=caf\u00e9')],
    ['is no GET', get(cafe).replace('GET', 'POST')],
    ['is not whole', get(cafe).slice(0, -2)],
    ['has another behind it', get(cafe) + get(cafe)],
    ['has a header that is none', get(cafe).replace('Host:', 'Ho st:')],
  ])('a request that %s is not mended', (_, packet) => expect(mendRequest(Buffer.from(packet, 'latin1'))).toBeUndefined());

  const answered = async (packet: Buffer): Promise<string> => {
    const gateway = gatewayFastify();
    const fastify = gateway.getInstance();
    fastify.get('/http2sms', async (request) => ({ form: [...readForm(request.raw.url?.split('?')[1] ?? '')], from: request.socket.remoteAddress, agent: request.headers['user-agent'] }));
    await fastify.listen({ host: '127.0.0.1', port: 0 });
    try {
      const socket = connect((fastify.server.address() as AddressInfo).port, '127.0.0.1');
      socket.write(packet);
      return await text(socket);
    } finally {
      await fastify.close();
    }
  };

  it.each<[BufferEncoding]>([['utf8'], ['latin1']])('%s is read, from the address that sent it, and the connection ends', async (encoding) => {
    const answer = await answered(Buffer.from(get(cafe), encoding));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('connection: close');
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual({ form: [['message', 'café']], from: '127.0.0.1', agent: 'curl/7.88.1' });
  });

  it.each([
    ['what is no HTTP', 'HELO example.org\r\n\r\n', 400],
    ['raw bytes on another path', get('/1.0/sms?secret=caf\u00e9'), 400],
    ['headers without an end', `GET /http2sms HTTP/1.1\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ])('%s is refused without a word of it', async (_, packet, status) => {
    const answer = await answered(Buffer.from(packet, 'latin1'));
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).not.toMatch(/secret|example\.org|xxx/);
  });
});

it('HTTPS by a client that offers HTTP/1.0 in the handshake (curl --http1.0, PHP’s CURL_HTTP_VERSION_1_0)', async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2_048 });
  const fastify = gatewayFastify({ cert: Buffer.from(cert), key: Buffer.from(key) }).getInstance();
  fastify.get('/http2sms', async () => 'OK');
  await fastify.listen({ host: '127.0.0.1', port: 0 });
  try {
    const { port } = fastify.server.address() as AddressInfo;
    for (const protocols of [['http/1.0'], ['h2', 'http/1.1'], undefined]) {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...(protocols && { ALPNProtocols: protocols }) });
      await once(socket, 'secureConnect');
      socket.write('GET /http2sms HTTP/1.0\r\nHost: localhost\r\n\r\n');
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nOK$/);
    }
  } finally {
    await fastify.close();
  }
});

describe('v6: numbers and truths as texts (Python and PHP wrappers: "validityPeriod": "2880")', () => {
  const faultsIn = (type: new () => object, body: object) => validateSync(plainToInstance(type, body), { whitelist: true }).map(({ property }) => property);
  const job = { message: 'Hello', receivers: ['+33600000004'], sender: 'KWOTA' };

  it('are what they say', () => {
    const body = { ...job, validityPeriod: '2880', differedPeriod: '0', noStopClause: 'true', senderForResponse: 0 };
    expect(faultsIn(SendJobDto, body)).toEqual([]);
    expect(plainToInstance(SendJobDto, body)).toMatchObject({ validityPeriod: 2_880, differedPeriod: 0, noStopClause: true, senderForResponse: false });
    const user = { quotaInformations: { quotaLeft: '12.5', quotaStatus: 'active' }, alertThresholdInformations: { alertThreshold: '-1', support: 'mail' } };
    expect(faultsIn(ChangeApiUserDto, user)).toEqual([]);
    expect(plainToInstance(ChangeApiUserDto, user)).toMatchObject({ quotaInformations: { quotaLeft: 12.5 }, alertThresholdInformations: { alertThreshold: -1 } });
  });

  it.each([{ validityPeriod: 'soon' }, { validityPeriod: '' }, { validityPeriod: '0x10' }, { validityPeriod: '1.5' }, { differedPeriod: ['5'] }, { noStopClause: 'yes' }, { noStopClause: {} }])(
    'but %j is refused by name',
    (wrong) => expect(faultsIn(SendJobDto, { ...job, ...wrong })).toEqual(Object.keys(wrong)),
  );
});

describe('v6: a + that a script left as it is in a query, which reads it as a space', () => {
  it.each(['2026-01-01T00:00:00+02:00', '2026-01-01T00:00:00 02:00', '2025-12-31T22:00:00.000Z'])('the time %s', (time) =>
    expect(timeFilter('fromMs', 'creationDatetime.from', time)).toEqual({ fromMs: Date.UTC(2025, 11, 31, 22) }),
  );
  it('what is no time stays none', () => expect(() => timeFilter('fromMs', 'creationDatetime.from', 'soon 02:00')).toThrow('creationDatetime.from must be an RFC 3339 time'));
  it.each(['+33600000004', ' 33600000004', '0033600000004', '+33 6 00 00 00 04'])('the number %j', (number) => expect(phoneFilter('receiver', number)).toEqual({ receiver: '+33600000004' }));
  it('what is no number finds what is written so', () => expect([phoneFilter('receiver', 'nobody'), phoneFilter('receiver', '')]).toEqual([{ receiver: 'nobody' }, {}]));
});

it.each(['null', '{}', '{"sender":"KWOTA"}', ''])('v6: a GET with the body %j, as Java clients send and sign one, is signed over it, and nobody reads it', async (payload) => {
  const gateway = gatewayFastify();
  const fastify = gateway.getInstance();
  keepRawBodies({ getHttpAdapter: () => gateway } as unknown as NestFastifyApplication);
  fastify.get('/sms', async (request) => ({ signed: (request as { rawBody?: Buffer }).rawBody?.toString() ?? '', read: request.body ?? null }));
  try {
    const answer = await fastify.inject({ method: 'GET', url: '/sms', headers: { 'content-type': 'application/json;charset=UTF-8' }, ...(payload && { payload }) });
    expect(answer.json()).toEqual({ signed: payload, read: null });
  } finally {
    await fastify.close();
  }
});
