import { observeController, type Observed } from '@kwota/service-kit/observe.controller';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Sealing } from '@kwota/service-kit/sealing';
import { startService, type RunningService } from '@kwota/service-kit/service';
import type { DynamicModule } from '@nestjs/common';
import { RequestClient, ServiceUnavailable } from '@kwota/service-kit/request-client';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:tls';
import { join } from 'node:path';
import { gatewayFastify, keepRawBodies } from './edge/http.js';
import { followTlsFiles } from './edge/tls-files.js';
import { FirstStarter, type FirstStart } from './first-start/first-start.js';
import type { GatewayConfig } from './gateway.config.js';
import { ChangesMadeHere } from './known-users/changes-made-here.js';
import { KnownUsers } from './known-users/known-users.projection.js';
import { GatewayModule } from './gateway.module.js';
import { serveOpenApi } from './describe-api/serve-openapi.js';

export type { FirstStart } from './first-start/first-start.js';

export type GatewayOptions = Readonly<{ runtime: ServiceRuntime; config: GatewayConfig; secretKey: string; observed: Observed; dataDir: string }>;

export type RunningGateway = Readonly<{
  url: string;
  httpsUrl: string | undefined;
  running: readonly RunningService[];
  /** Resolves when it knows all users and senders: until then it answers 503 to whatever depends on them. */
  whole: Promise<void>;
}>;

/** HTTP, and HTTPS beside it where a certificate is given: two applications over the same module, since Fastify listens once. */
export const startGateway = async ({ runtime, config, secretKey, observed }: GatewayOptions): Promise<RunningGateway> => {
  const tokenKey = Sealing.derive(secretKey, 'access tokens 1');
  const changes = new ChangesMadeHere();
  const start = (port: number, https?: { cert: Buffer; key: Buffer }): Promise<RunningService> => {
    const gateway = GatewayModule.register(runtime, config, tokenKey, changes);
    const module: DynamicModule = { ...gateway, controllers: [...(gateway.controllers ?? []), observeController(observed)] };
    return startService(module, {
      name: runtime.service,
      messaging: runtime.messaging,
      logger: runtime.logger,
      metrics: runtime.metrics,
      listen: { host: config.host, port },
      fastify: gatewayFastify(https),
      prepare: (app) => {
        keepRawBodies(app);
        serveOpenApi(app);
      },
    });
  };
  const startHttps = async (port: number, files: { cert: string; key: string }): Promise<RunningService> => {
    const service = await start(port, { cert: readFileSync(files.cert), key: readFileSync(files.key) });
    const unfollow = followTlsFiles(service.app.getHttpServer() as Server, files, runtime.logger);
    return {
      ...service,
      close: () => {
        unfollow();
        return service.close();
      },
    };
  };
  const { httpsPort, tlsCert = '', tlsKey = '' } = config;
  const http = await start(config.port);
  const running = httpsPort ? [http, await startHttps(Number(httpsPort), { cert: tlsCert, key: tlsKey })] : [http];
  const knownUsers = running.map(({ app }) => app.get(KnownUsers));
  runtime.health.add('known users', () => {
    const ready = knownUsers.every(({ isWhole }) => isWhole);
    return { ready, reasons: ready ? [] : ['it is reading the users and senders of all accounts'] };
  });
  const whole = Promise.all(
    running.map(async ({ caughtUp }, index) => {
      await caughtUp();
      (knownUsers[index] as KnownUsers).isWhole = true;
    }),
  ).then(() => undefined);
  // Who waits for it hears of a failure; the process must not end for it.
  whole.catch(() => undefined);
  return { url: http.url ?? '', httpsUrl: running[1]?.url?.replace(/^http:/, 'https:'), running, whole };
};

const firstStartAgainMs = 1_000;

/** Once, on an empty installation; waits, with a word, until users and ledger answer, or the signal comes. */
export const firstStart = async ({ runtime, config, dataDir }: GatewayOptions, url: string, signal?: AbortSignal): Promise<FirstStart | undefined> => {
  if (!config.firstStart) return undefined;
  const requests = RequestClient.start(runtime.messaging, `${runtime.service}.first-start`, config.sendDeadlineMs);
  const starter = new FirstStarter(requests, runtime.sealing, dataDir, config.operatorToken);
  try {
    while (!signal?.aborted) {
      try {
        return await starter.run(url);
      } catch (error) {
        if (!signal || !(error instanceof ServiceUnavailable)) throw error;
        runtime.logger.warn({ reason: error.message }, 'the first start waits for users and ledger');
        // Who says at once that its database is away must not be asked without a pause.
        await new Promise((resolve) => setTimeout(resolve, firstStartAgainMs));
      }
    }
    return undefined;
  } finally {
    await requests.close();
  }
};

/** On the screen of whoever started it: not through the log, which may be shipped elsewhere. */
export const showFirstStart = (first: FirstStart | undefined, dataDir: string): void => {
  if (!first) return;
  const rows = Object.entries(first).map(([name, value]) => `  ${name.padEnd(18)} ${value}`);
  process.stderr.write(`\nFirst start. These secrets are shown once, and kept in ${join(dataDir, 'first-start.json')}:\n\n${rows.join('\n')}\n\n`);
};
