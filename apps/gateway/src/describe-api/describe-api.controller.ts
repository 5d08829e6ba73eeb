import { Get, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { GatewaySettings } from '../edge/gateway-settings.js';
import type { HttpRequest } from '../edge/http.js';
import { invalidUrl } from '../v6/ovh-error.js';
import { OpenToAll } from '../v6/owner.guard.js';
import { V6Controller } from '../v6/v6-controller.js';
import { schemaIndex, schemaNames, schemaOf } from './ovh-schema.js';

/** The schemas, without authentication (OVH.md 1.2). */
@ApiExcludeController()
@V6Controller()
export class DescribeApiController {
  constructor(private readonly settings: GatewaySettings) {}

  @Get()
  @OpenToAll()
  index(@Req() request: HttpRequest) {
    return schemaIndex(this.basePath(request));
  }

  @Get(schemaNames.map((name) => `${name}.json`))
  @OpenToAll()
  schema(@Req() request: HttpRequest) {
    const name = schemaNames.find((known) => new RegExp(`/${known}\\.json/?(?:\\?|$)`).test(request.raw.url ?? ''));
    if (!name) throw invalidUrl();
    return schemaOf(name, this.basePath(request));
  }

  /** As the client wrote it, or the installation's public name. */
  private basePath({ headers, protocol }: HttpRequest): string {
    const [publicUrl] = this.settings.publicUrls;
    return `${publicUrl?.replace(/\/+$/, '') ?? `${protocol}://${String(headers['host'] ?? '')}`}/1.0`;
  }
}
