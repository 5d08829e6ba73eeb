// A service as a process of its own: configuration, its folder, health and metrics at once, then what it needs, then its work.
import type { Messaging } from '@kwota/messaging';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { commonSettings, kafkaSettings, readCommonConfig, readKafkaConfig, type CommonConfig, type KafkaConfig } from './common-config.js';
import { checkConfig, readConfig, summaryOf, type Setting } from './config.js';
import { asNestLogger, createLogger, type Logger } from './logger.js';
import { showMessagingMetrics } from './messaging-metrics.js';
import { ProcessMetrics } from './metrics.js';
import { databaseNeeds, Needs } from './needs.js';
import { observeController, type Observed } from './observe.controller.js';
import { openRuntime, type ServiceRuntime } from './runtime.js';
import { fastifyFor, startService, stopOnSignal, type RunningService } from './service.js';

export type OpenMessaging = (config: KafkaConfig, clientId: string, logger: Logger) => Messaging | Promise<Messaging>;

export type ProcessContext = Readonly<{
  runtime: ServiceRuntime;
  environment: NodeJS.ProcessEnv;
  common: CommonConfig;
  observed: Observed;
  /** Aborted when the process is to stop. */
  signal: AbortSignal;
}>;

export type ProcessOptions = Readonly<{
  name: string;
  settings: Readonly<Record<string, Setting<unknown>>>;
  openMessaging: OpenMessaging;
  /** Where health and metrics are served from the first moment on; left out by who serves them itself. */
  adminPort?: (environment: NodeJS.ProcessEnv) => number;
  /** URLs of its databases; those on PostgreSQL and KurrentDB are waited for. */
  databases?: (environment: NodeJS.ProcessEnv) => readonly (string | undefined)[];
  /** Begins its work; `close` ends it. `subscribed` resolves when it gets messages, and rejects where it never will. */
  begin: (context: ProcessContext) => Promise<Pick<RunningService, 'close' | 'subscribed'>>;
}>;

/** For `begin`: the service's handlers, without a port of their own. */
export const serve = ({ service, messaging, logger, metrics }: ServiceRuntime, module: DynamicModule): Promise<RunningService> =>
  startService(module, { name: service, messaging, logger, metrics });

/** Never returns before it works or has ended the process with a sentence. */
export const runService = async (options: ProcessOptions): Promise<void> => {
  try {
    await run(options, process.env);
  } catch (error) {
    // What an operator can mend is said in a sentence; the stack is for everybody else, with KWOTA_LOG_LEVEL=debug.
    const { message, stack } = error as Error;
    process.stderr.write(`${options.name} does not start: ${process.env['KWOTA_LOG_LEVEL'] === 'debug' ? stack : message}\n`);
    process.exit(1);
  }
};

const run = async (options: ProcessOptions, environment: NodeJS.ProcessEnv): Promise<void> => {
  const { name, settings, openMessaging, adminPort, databases = () => [], begin } = options;
  checkConfig(environment, commonSettings, kafkaSettings, settings);
  const common = readCommonConfig(environment);
  const kafka = readKafkaConfig(environment);
  const { dataDir, secretKey, databaseUrl } = common;
  if (common.messaging !== 'kafka' || kafka.brokers.length === 0)
    throw new Error('a process of its own needs KWOTA_MESSAGING=kafka and KWOTA_KAFKA_BROKERS; npm start runs all six in one process without Kafka');
  if (!secretKey) throw new Error('KWOTA_SECRET_KEY is required, the same for all services');
  const logger = createLogger(name, common.logLevel);
  logger.info(Object.assign({}, ...[commonSettings, kafkaSettings, settings].map((group) => summaryOf(readConfig(environment, group), group))), 'configuration');

  const messaging = await openMessaging(kafka, `kwota.${name}`, logger);
  const metrics = new ProcessMetrics();
  showMessagingMetrics(messaging, metrics, [name]);
  const runtime = openRuntime(name, { messaging, logger, metrics, dataDir, secretKey, databaseUrl });
  const needs = new Needs(logger);
  runtime.health.add('start', () => needs.health());
  const observed = { health: new Map([[name, runtime.health]]), metrics };

  const stopping = new AbortController();
  // What was begun first ends last.
  const ends: (() => Promise<void>)[] = [async () => runtime.directory.release()];
  stopOnSignal(logger, common.shutdownGraceMs, async () => {
    stopping.abort();
    for (const end of ends.toReversed()) await end();
  });
  if (adminPort) ends.push(await listenForAdmins(observed, logger, environment, adminPort(environment)));
  ends.push(() => messaging.close());
  await needs.met(databases(environment).flatMap(databaseNeeds), stopping.signal);
  if (stopping.signal.aborted) return;
  const begun = await begin({ runtime, environment, common, observed, signal: stopping.signal });
  ends.push(() => begun.close());
  await begun.subscribed.catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
};

/** /health and /metrics, from the first moment on. */
const listenForAdmins = async (observed: Observed, logger: Logger, environment: NodeJS.ProcessEnv, port: number): Promise<() => Promise<void>> => {
  class AdminModule {}
  const module = { module: AdminModule, controllers: [observeController(observed)] };
  const app: INestApplication = await NestFactory.create<NestFastifyApplication>(module, fastifyFor(), { logger: asNestLogger(logger) });
  await app.listen(port, environment['KWOTA_HTTP_HOST'] || '127.0.0.1');
  logger.info({ url: await app.getUrl() }, 'health and metrics');
  return () => app.close();
};
