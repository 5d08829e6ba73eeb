import { listConnectors, pauseCarrier, removeConnector, setConnector } from '@kwota/contracts/carrier.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { ReplyOf, RequestOf } from '../requests.js';
import { ReroutePartsRepository } from '../route-parts/reroute-parts.repository.js';
import { ReroutePartsWorker } from '../route-parts/reroute-parts.worker.js';
import { noRoute } from '../route-parts/route-of-receiver.js';
import { Connectors } from './connectors.js';
import { ConnectorsRepository, environmentConnector } from './connectors.repository.js';

/** Each has its own connections and timers. */
export const connectorsMax = 100;

@Controller()
export class ManageConnectorsOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly repository: ConnectorsRepository,
    private readonly connectors: Connectors,
    private readonly waiting: ReroutePartsRepository,
    private readonly rerouter: ReroutePartsWorker,
  ) {}

  @OnRequest(setConnector)
  async set(@Payload() { name, add, sealedUrl, settings, paused }: RequestOf<typeof setConnector>): Promise<ReplyOf<typeof setConnector>> {
    const code = await this.database.transaction(async (manager) => {
      const { connectors } = await this.repository.read(manager);
      const isKnown = connectors.some((connector) => connector.name === name);
      if (add && isKnown) return 'connector-exists';
      if (!add && !isKnown) return 'connector-unknown';
      if (add && connectors.length >= connectorsMax) return 'too-many-connectors';
      if (add && sealedUrl === undefined) return 'url-missing';
      if (sealedUrl !== undefined && this.repository.urlIn(name, sealedUrl) === undefined) return 'url-not-valid';
      await this.repository.change(manager, { name, sealedUrl, settings, paused });
      return undefined;
    });
    if (code) return { outcome: 'refused', code };
    await this.connectors.reload();
    this.rerouter.lookSoon();
    return { outcome: 'done' };
  }

  @OnRequest(removeConnector)
  async remove(@Payload() { name }: RequestOf<typeof removeConnector>): Promise<ReplyOf<typeof removeConnector>> {
    if (name === environmentConnector) return { outcome: 'refused', code: 'connector-of-environment' };
    if (!this.connectors.of(name)) return { outcome: 'refused', code: 'connector-unknown' };
    await this.database.transaction((manager) => this.repository.remove(manager, name));
    await this.connectors.reload();
    this.rerouter.lookSoon();
    return { outcome: 'done' };
  }

  @OnRequest(listConnectors)
  async list(): Promise<ReplyOf<typeof listConnectors>> {
    const queued = await this.database.read((manager) => this.waiting.countQueued(manager));
    const connectors = this.connectors.all().map(({ name, settings, paused, connection }) => {
      const { host, username } = new URL(connection.options.url);
      const { isBound: bound, problem, inFlight: unanswered } = connection;
      return { name, smsc: host, systemId: decodeURIComponent(username), settings, paused, bound, problem, queued: queued.get(name) ?? 0, unanswered };
    });
    return { outcome: 'done', paused: this.connectors.paused, connectors, withoutRoute: queued.get(noRoute) ?? 0 };
  }

  @OnRequest(pauseCarrier)
  async pause(@Payload() { paused }: RequestOf<typeof pauseCarrier>): Promise<ReplyOf<typeof pauseCarrier>> {
    await this.database.transaction((manager) => this.repository.pauseAll(manager, paused));
    await this.connectors.reload();
    this.rerouter.lookSoon();
    return { outcome: 'done' };
  }
}
