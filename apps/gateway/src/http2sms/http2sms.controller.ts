import { All, Controller, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { GatewaySettings } from '../edge/gateway-settings.js';
import type { HttpReply, HttpRequest } from '../edge/http.js';
import { peerAddress } from '../edge/peer-address.js';
import { formatAnswer } from './http2sms.answer.js';
import { Http2SmsHandler } from './http2sms.handler.js';

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
  @ApiQuery({ name: 'from', required: true })
  @ApiQuery({ name: 'to', required: true })
  @ApiQuery({ name: 'message', required: true })
  @ApiQuery({ name: 'noStop', required: false })
  @ApiQuery({ name: 'tag', required: false })
  @ApiQuery({ name: 'contentType', required: false })
  async send(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const url = request.raw.url ?? '';
    const question = url.indexOf('?');
    const given = new URLSearchParams(question === -1 ? '' : url.slice(question + 1));
    if (request.rawBody?.length) for (const [name, value] of new URLSearchParams(request.rawBody.toString('utf8'))) given.set(name, value);
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
