import { observeController, type Observed } from '@kwota/service-kit/observe.controller';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Sealing } from '@kwota/service-kit/sealing';
import { startService, type RunningService } from '@kwota/service-kit/service';
import type { DynamicModule } from '@nestjs/common';
import { RequestClient } from '@kwota/service-kit/request-client';
import { readFileSync } from 'node:fs';
import { gatewayFastify, keepRawBodies } from './edge/http.js';
import { FirstStarter, type FirstStart } from './first-start/first-start.js';
import type { GatewayConfig } from './gateway.config.js';
export type { FirstStart } from './first-start/first-start.js';
import { ChangesMadeHere } from './known-users/changes-made-here.js';
import { GatewayModule } from './gateway.module.js';
import { serveOpenApi } from './openapi.js';

export type GatewayOptions = Readonly<{ runtime: ServiceRuntime; config: GatewayConfig; secretKey: string; observed: Observed; dataDir: string }>;

/** HTTP, and HTTPS beside it where a certificate is given: two applications over the same module, since Fastify listens once. */
export const startGateway = async ({ runtime, config, secretKey, observed }: GatewayOptions): Promise<{ url: string; httpsUrl: string | undefined; running: readonly RunningService[] }> => {
  const tokenKey = Sealing.derive(secretKey, 'access tokens 1');
  const changes = new ChangesMadeHere();
  const start = (port: number, https?: { cert: Buffer; key: Buffer }): Promise<RunningService> => {
    const gateway = GatewayModule.register(runtime, config, tokenKey, changes);
    const module: DynamicModule = { ...gateway, controllers: [...(gateway.controllers ?? []), observeController(observed)] };
    return startService(module, {
      name: runtime.service,
      messaging: runtime.messaging,
      logger: runtime.logger,
      listen: { host: config.host, port },
      fastify: gatewayFastify(https),
      prepare: (app) => {
        keepRawBodies(app);
        serveOpenApi(app);
      },
    });
  };
  const http = await start(config.port);
  await http.caughtUp();
  if (!config.httpsPort) return { url: http.url ?? '', httpsUrl: undefined, running: [http] };
  const { tlsCert = '', tlsKey = '' } = config;
  const https = await start(Number(config.httpsPort), { cert: readFileSync(tlsCert), key: readFileSync(tlsKey) });
  await https.caughtUp();
  return { url: http.url ?? '', httpsUrl: https.url, running: [http, https] };
};

/** Once, on an empty installation; users and ledger must answer. */
export const firstStart = async ({ runtime, config, dataDir }: GatewayOptions, url: string): Promise<FirstStart | undefined> => {
  if (!config.firstStart) return undefined;
  const requests = await RequestClient.start(runtime.messaging, `${runtime.service}.first-start`, config.sendDeadlineMs);
  try {
    return await new FirstStarter(requests, runtime.sealing, dataDir, config.operatorToken).run(url);
  } finally {
    await requests.close();
  }
};
