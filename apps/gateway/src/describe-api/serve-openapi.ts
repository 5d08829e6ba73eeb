import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { finishDocument } from './openapi-document.js';

/** /docs and /docs-json: what this gateway offers, from the controllers themselves and from the tables of OVH's routes. */
export const serveOpenApi = (app: INestApplication): void => {
  const description = new DocumentBuilder()
    .setTitle('Kwota')
    .setDescription(
      'http2sms, the REST API v6 under /1.0 (and its alias /v1), and the operator API. Owners sign as with OVHcloud (X-Ovh-Application, X-Ovh-Consumer, X-Ovh-Timestamp, X-Ovh-Signature) or bring a Bearer token of /auth/oauth2/token; operators bring their own token as Bearer.',
    )
    .setVersion('1.0')
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A token of /auth/oauth2/token, or an operator’s own' })
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Ovh-Signature', description: '"$1$" and the SHA-1 of secret, consumer key, method, URL, body and timestamp, joined by "+"' }, 'ovh-signature')
    .build();
  SwaggerModule.setup('docs', app, () => finishDocument(SwaggerModule.createDocument(app, description)));
};
