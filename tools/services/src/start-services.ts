// The six services as processes of their own, some of them several times, over a broker that runs already.
import { keepSecretKey } from '@kwota/service-kit/secret-key';
import { freePort } from '@kwota/testing/free-port';
import type { FirstStart } from '@kwota/testing/kwota-process';
import { leaksInData, leaksInLines, refuseLeaks, secretsOf } from '@kwota/testing/leaks';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceProcess, serviceNames, type ServiceName, type ServiceProcessOptions } from './service-process.js';

export type StartServicesOptions = Readonly<{
  dataDir: string;
  brokers: readonly string[];
  /** For all of them. */
  environment?: Readonly<Record<string, string>>;
  execArgv?: readonly string[];
  machine?: ServiceProcessOptions['machine'];
  /** How many of each; one where left out. More than one needs databases that they can share. */
  instances?: Partial<Record<ServiceName, number>>;
}>;

export class Services {
  constructor(
    readonly dataDir: string,
    readonly all: readonly ServiceProcess[],
  ) {}

  of(service: ServiceName, instance = 0): ServiceProcess {
    const found = this.all.filter((one) => one.service === service)[instance];
    if (!found) throw new Error(`there is no ${service} ${instance}`);
    return found;
  }

  get url(): string {
    return this.of('gateway').url;
  }

  get first(): FirstStart {
    return JSON.parse(readFileSync(this.firstStartFile, 'utf8')) as FirstStart;
  }

  start(): void {
    for (const service of this.all) service.start();
  }

  /** Resolves when all are ready and the first start is written. */
  async ready(timeoutMs: number): Promise<void> {
    await Promise.all(this.all.map((service) => service.ready(timeoutMs)));
    for (const untilMs = performance.now() + timeoutMs; !existsSync(this.firstStartFile); ) {
      if (performance.now() > untilMs) throw new Error(`no first start after ${timeoutMs} ms:\n${this.of('gateway').output.slice(-20).join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** All at once: none of them waits for another. @throws Error when one wrote what nobody may (leaks.ts). */
  async stop(): Promise<void> {
    await Promise.all(this.all.map((service) => service.stop()));
    this.refuseLeaks();
  }

  /** @throws as stop. */
  async kill(): Promise<void> {
    await Promise.all(this.all.map((service) => service.kill()));
    this.refuseLeaks();
  }

  private refuseLeaks(): void {
    const secrets = existsSync(this.firstStartFile) ? secretsOf(this.first) : {};
    for (const { service, output } of this.all) refuseLeaks(service, leaksInLines(output, secrets));
    refuseLeaks('the services', leaksInData(this.dataDir, secrets));
  }

  private get firstStartFile(): string {
    return join(this.dataDir, 'first-start.json');
  }
}

/** On free ports, each instance beyond the first in a folder of its own. Nothing is started yet. */
export const prepareServices = async ({ dataDir, brokers, environment = {}, execArgv = [], machine = 'amongOthers', instances = {} }: StartServicesOptions): Promise<Services> => {
  const secretKey = keepSecretKey(dataDir);
  const processes: ServiceProcess[] = [];
  for (const service of serviceNames) {
    for (let instance = 0; instance < (instances[service] ?? 1); instance += 1) {
      processes.push(
        new ServiceProcess({
          service,
          execArgv,
          machine,
          environment: {
            KWOTA_MESSAGING: 'kafka',
            KWOTA_KAFKA_BROKERS: brokers.join(','),
            KWOTA_SECRET_KEY: secretKey,
            KWOTA_DATA_DIR: instance === 0 ? dataDir : join(dataDir, `${service}-${instance + 1}`),
            KWOTA_HTTP_PORT: String(await freePort()),
            KWOTA_ADMIN_PORT: String(await freePort()),
            ...(instance === 0 ? {} : { KWOTA_FIRST_START: 'off' }),
            ...environment,
          },
        }),
      );
    }
  }
  return new Services(dataDir, processes);
};

export const startServices = async (options: StartServicesOptions, timeoutMs = 60_000): Promise<Services> => {
  const services = await prepareServices(options);
  services.start();
  await services.ready(timeoutMs);
  return services;
};
