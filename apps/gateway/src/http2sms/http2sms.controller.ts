import { All, Controller, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { GatewaySettings } from '../edge/gateway-settings.js';
import type { HttpReply, HttpRequest } from '../edge/http.js';
import { peerAddress } from '../edge/peer-address.js';
import { answerTypes, formatAnswer } from './http2sms.answer.js';
import { Http2SmsHandler } from './http2sms.handler.js';
import { readBody, readForm } from './http2sms.query.js';

/** GET or POST form; always HTTP 200, the status is in the body (OVH.md 9). Nothing of the query is ever logged: it holds the password. */
@ApiTags('http2sms')
@Controller()
export class Http2SmsController {
  constructor(
    private readonly http2sms: Http2SmsHandler,
    private readonly settings: GatewaySettings,
  ) {}

  @All(['cgi-bin/sms/http2sms.cgi'])
  @ApiOperation({ summary: 'Send an SMS by one URL', description: 'GET, or POST with the same parameters as a form.' })
  @ApiQuery({ name: 'account', required: true })
  @ApiQuery({ name: 'login', required: true })
  @ApiQuery({ name: 'password', required: true })
  @ApiQuery({ name: 'from', required: false, description: 'A declared sender; may be left out with senderForResponse', example: 'KWOTA' })
  @ApiQuery({ name: 'to', required: true, description: 'International numbers, by commas', example: '+33600000004' })
  @ApiQuery({ name: 'message', required: true, example: 'Hello' })
  @ApiQuery({ name: 'noStop', required: false, description: '1: no advertising, no STOP clause', example: '1' })
  @ApiQuery({ name: 'tag', required: false, schema: { type: 'string', maxLength: 20 } })
  @ApiQuery({ name: 'deferred', required: false, description: 'hhmmddMMYYYY', example: '125025112029' })
  @ApiQuery({ name: 'class', required: false, enum: ['0', '1', '2', '3'] })
  @ApiQuery({ name: 'smsCoding', required: false, enum: ['1', '2'], description: '1: 7-bit, 2: Unicode; SMSencoding is the same' })
  @ApiQuery({ name: 'senderForResponse', required: false, enum: ['0', '1'], description: '1: from the number that can be answered' })
  @ApiQuery({ name: 'idempotencyKey', required: false, schema: { type: 'string', maxLength: 128 } })
  @ApiQuery({ name: 'contentType', required: false, enum: [...answerTypes] })
  async send(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const url = request.raw.url ?? '';
    const question = url.indexOf('?');
    const given = readForm(question === -1 ? '' : url.slice(question + 1));
    if (request.method === 'POST' && request.rawBody?.length)
      for (const [name, value] of await readBody(request.rawBody, String(request.headers['x-kwota-content-type'] ?? ''))) given.set(name, value);
    // The header is the one of the REST API; a parameter of the same meaning goes before it.
    const key = request.headers['idempotency-key'];
    if (typeof key === 'string' && !given.has('idempotencyKey')) given.set('idempotencyKey', key);
    const answer = ['GET', 'POST'].includes(request.method)
      ? await this.http2sms.handle(given, peerAddress(request, this.settings.trustedProxies))
      : ({ status: 202, message: 'Invalid method: use GET or POST' } as const);
    const { body, contentType } = formatAnswer(answer, given.get('contentType'));
    reply.status(200).header('content-type', contentType).send(body);
  }

  @All('http2sms')
  @ApiExcludeEndpoint()
  sendByShortPath(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.send(request, reply);
  }
}
