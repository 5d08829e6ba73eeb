import { Get, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { GatewaySettings } from '../edge/gateway-settings.js';
import type { HttpRequest } from '../edge/http.js';
import { publicUrlOf } from '../edge/public-url.js';
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
    return schemaIndex(`${publicUrlOf(request, this.settings)}/1.0`);
  }

  @Get(schemaNames.map((name) => `${name}.json`))
  @OpenToAll()
  schema(@Req() request: HttpRequest) {
    const name = schemaNames.find((known) => new RegExp(`/${known}\\.json/?(?:\\?|$)`).test(request.raw.url ?? ''));
    if (!name) throw invalidUrl();
    return schemaOf(name, `${publicUrlOf(request, this.settings)}/1.0`);
  }
}
