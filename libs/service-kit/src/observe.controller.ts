import { Controller, Get, Header, Res, type Type } from '@nestjs/common';
import type { Health } from './health.js';
import type { ProcessMetrics } from './metrics.js';

/** What is needed of Fastify's reply. */
type Reply = { status(code: number): Reply; send(body: unknown): void };

/** What a process shows of itself: its own service's health, in standalone all six by name. */
export type Observed = { readonly health: Map<string, Health>; readonly metrics: ProcessMetrics };

/** /health/live, /health/ready and /metrics. */
export const observeController = ({ health, metrics }: Observed): Type => {
  @Controller()
  class ObserveController {
    @Get('health/live')
    live() {
      return { status: 'ok' };
    }

    @Get('health/ready')
    ready(@Res() reply: Reply) {
      const looks = [...health].map(([service, of]) => [service, of.look()] as const);
      const ready = looks.every(([, look]) => look.ready);
      reply.status(ready ? 200 : 503).send({ status: ready ? 'ok' : 'error', services: Object.fromEntries(looks) });
    }

    @Get('metrics')
    @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    scrape(): Promise<string> {
      return metrics.exposition();
    }
  }
  return ObserveController;
};
