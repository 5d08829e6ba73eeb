// Which SMSCs there are: the environment's, called `default`, and those that the operator added. Passwords lie sealed.
import { connectorSettingsSchema, type ConnectorSettings } from '@kwota/contracts/carrier.requests.v1';
import type { Sealing } from '@kwota/service-kit/sealing';
import { run } from '@kwota/service-kit/sql';
import type { EntityManager } from 'typeorm';
import { defaultSettings } from './default-settings.js';

export type StoredConnector = Readonly<{
  name: string;
  /** With the password. */
  url: string;
  settings: ConnectorSettings;
  paused: boolean;
}>;
export type Stored = Readonly<{ connectors: readonly StoredConnector[]; paused: boolean }>;

/** KWOTA_SMSC_URL's. */
export const environmentConnector = 'default';

const associatedDataOf = (name: string): string => `connector|${name}`;

export class ConnectorsRepository {
  constructor(
    private readonly sealing: Sealing,
    private readonly environment: Readonly<{ url: string; settings: Partial<ConnectorSettings> }>,
  ) {}

  async read(manager: EntityManager): Promise<Stored> {
    const rows = await run<{ name: string; sealedUrl: string | null; settings: string; paused: number }>(
      manager,
      'SELECT name, "sealedUrl", settings, paused FROM connector ORDER BY name',
    );
    const [carrier] = await run<{ paused: number }>(manager, 'SELECT paused FROM carrier_switch');
    const connectors = rows.map(({ name, sealedUrl, settings, paused }): StoredConnector => {
      const isOfEnvironment = name === environmentConnector;
      return {
        name,
        url: sealedUrl === null ? this.environment.url : this.sealing.open(sealedUrl, associatedDataOf(name)),
        settings: settingsOf(JSON.parse(settings), isOfEnvironment ? this.environment.settings : {}),
        paused: Number(paused) === 1,
      };
    });
    const own = { name: environmentConnector, url: this.environment.url, settings: settingsOf({}, this.environment.settings), paused: false };
    const hasOwn = connectors.some(({ name }) => name === environmentConnector);
    return { connectors: hasOwn ? connectors : [own, ...connectors], paused: Number(carrier?.paused ?? 0) === 1 };
  }

  /** The URL in a request, where it opens and is one. */
  urlIn(name: string, sealedUrl: string): string | undefined {
    try {
      const url = this.sealing.open(sealedUrl, associatedDataOf(name));
      return isSmscUrl(url) ? url : undefined;
    } catch {
      return undefined;
    }
  }

  /** Settings that are left out stay. A sealed URL is kept as it came: the same key opens it. */
  async change(
    manager: EntityManager,
    { name, sealedUrl, settings, paused }: Readonly<{ name: string; sealedUrl?: string | undefined; settings: Partial<ConnectorSettings>; paused?: boolean | undefined }>,
  ): Promise<void> {
    const [known] = await run<{ sealedUrl: string | null; settings: string; paused: number }>(
      manager,
      'SELECT "sealedUrl", settings, paused FROM connector WHERE name = ?',
      [name],
    );
    const merged = { ...(known ? (JSON.parse(known.settings) as object) : {}), ...settings };
    await run(
      manager,
      `INSERT INTO connector (name, "sealedUrl", settings, paused) VALUES (?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET "sealedUrl" = excluded."sealedUrl", settings = excluded.settings, paused = excluded.paused`,
      [name, sealedUrl ?? known?.sealedUrl ?? null, JSON.stringify(merged), (paused ?? Number(known?.paused ?? 0) === 1) ? 1 : 0],
    );
  }

  async remove(manager: EntityManager, name: string): Promise<void> {
    await run(manager, 'DELETE FROM connector WHERE name = ?', [name]);
  }

  async pauseAll(manager: EntityManager, paused: boolean): Promise<void> {
    await run(manager, 'INSERT INTO carrier_switch (one, paused) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET paused = excluded.paused', [paused ? 1 : 0]);
  }
}

export const isSmscUrl = (url: string): boolean => URL.canParse(url) && /^s?smpp:\/\/[^/]/.test(url);

const settingsOf = (stored: object, ofEnvironment: Partial<ConnectorSettings>): ConnectorSettings =>
  connectorSettingsSchema.parse({ ...defaultSettings, ...ofEnvironment, ...stored });
