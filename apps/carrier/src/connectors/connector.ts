import type { ConnectorSettings } from '@kwota/contracts/carrier.requests.v1';
import { SmscConnection } from '../connect-smsc/smsc.connection.js';
import type { SubmitPartsWorker } from '../submit-parts/submit-parts.worker.js';
import type { StoredConnector } from './connectors.repository.js';

/** One SMSC: how it is spoken to, the way to it, and who submits to it. */
export class Connector {
  submitter: SubmitPartsWorker | undefined;

  constructor(
    private stored: StoredConnector,
    readonly connection: SmscConnection,
  ) {}

  get name(): string {
    return this.stored.name;
  }

  get settings(): ConnectorSettings {
    return this.stored.settings;
  }

  get paused(): boolean {
    return this.stored.paused;
  }

  /** False: the change needs a connection of its own. */
  take(changed: StoredConnector): boolean {
    const { url, bind, systemType, tlsCa } = this.connection.options;
    const { settings } = changed;
    if (url !== changed.url || bind !== settings.bind || systemType !== settings.systemType || tlsCa !== settings.tlsCa) return false;
    this.stored = changed;
    return true;
  }
}
