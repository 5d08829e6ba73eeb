import { connectorName, connectorSettingsSchema, listConnectors, pauseCarrier, removeConnector, setConnector } from '@kwota/contracts/carrier.requests.v1';
import { pauseCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { parsed, type Forms } from '../edge/parsed-body.js';
import { badRequest, conflict, objectUnknown } from '../v6/ovh-error.js';

const urlMax = 2_048;
const changeSchema = connectorSettingsSchema.partial().extend({ url: z.string().min(1).max(urlMax).optional(), paused: z.boolean().optional() }).strict();
const newSchema = changeSchema.extend({ name: connectorName, url: z.string().min(1).max(urlMax) }).strict();

export const forms: Forms = {
  name: '1 to 32 small letters, digits and hyphens, a letter or a digit first',
  prefixes: '1 to 15 digits, without +',
};

/** The operator's SMSCs, kept by the carrier. */
@Injectable()
export class CarriersClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
  ) {}

  async list() {
    const { paused, connectors, withoutRoute } = await this.requests.ask(listConnectors, {});
    return { paused, connectors, withoutRoute };
  }

  async show(name: string) {
    const connector = (await this.list()).connectors.find((one) => one.name === name);
    if (!connector) throw objectUnknown();
    return connector;
  }

  async add(body: unknown): Promise<void> {
    const { name, ...given } = parsed(newSchema, body, forms);
    await this.set(name, true, given);
  }

  async change(name: string, body: unknown): Promise<void> {
    await this.set(name, false, parsed(changeSchema, body, forms));
  }

  async remove(name: string): Promise<void> {
    const reply = await this.requests.ask(removeConnector, { name: nameOf(name) });
    if (reply.outcome === 'done') return;
    if (reply.code === 'connector-of-environment') throw badRequest('default is the connector of KWOTA_SMSC_URL: it can be paused, not removed');
    throw objectUnknown();
  }

  async pauseAll(): Promise<void> {
    await this.requests.ask(pauseCarrier, { paused: true });
  }

  /** After a restore callbacks wait, too: whoever has looked at what is queued lets both go. */
  async resumeAll(): Promise<void> {
    await this.requests.ask(pauseCarrier, { paused: false });
    await this.requests.ask(pauseCallbacks, { paused: false });
  }

  private async set(given: string, add: boolean, { url, paused, ...settings }: z.infer<typeof changeSchema>): Promise<void> {
    const name = nameOf(given);
    const sealedUrl = url === undefined ? undefined : this.sealing.seal(url, `connector|${name}`);
    const reply = await this.requests.ask(setConnector, { name, add, settings, ...(sealedUrl !== undefined && { sealedUrl }), ...(paused !== undefined && { paused }) });
    if (reply.outcome === 'done') return;
    switch (reply.code) {
      case 'connector-unknown':
        throw objectUnknown();
      case 'connector-exists':
        throw conflict('A connector of that name exists');
      case 'too-many-connectors':
        throw badRequest('There are as many connectors as there may be');
      default:
        throw badRequest('url must be smpp://system_id:password@host:port, or ssmpp:// for TLS');
    }
  }
}

const nameOf = (given: string): string => {
  if (!connectorName.safeParse(given).success) throw objectUnknown();
  return given;
};
