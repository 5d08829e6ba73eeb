import type { RequestClient } from '@kwota/service-kit/request-client';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { GUARDS_METADATA, INTERCEPTORS_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import 'reflect-metadata';
import { readGatewayConfig } from '../src/gateway.config.js';
import { GatewayModule } from '../src/gateway.module.js';
import { OperatorGuard } from '../src/operator/operator.guard.js';
import { UsageClient } from '../src/show-usage/usage.client.js';
import { RepeatCallsInterceptor } from '../src/repeat-calls/repeat-calls.interceptor.js';
import { TrailChangesInterceptor } from '../src/trail-changes/trail-changes.interceptor.js';

/** Registering makes no use of what runs. */
const { controllers = [] } = GatewayModule.register({ service: 'gateway' } as ServiceRuntime, readGatewayConfig({}), Buffer.alloc(32));
const pathsOf = (controller: object): string[] => [Reflect.getMetadata(PATH_METADATA, controller) as string | string[]].flat();
const operated = controllers.filter((controller) => pathsOf(controller).some((path) => path.startsWith('operator')));

it('the operator API has its parts', () =>
  expect(operated.flatMap(pathsOf)).toEqual(expect.arrayContaining(['operator/accounts', 'operator/carriers', 'operator/callbacks', 'operator/owners', 'operator/dead-letters'])));

it.each(operated.map((controller) => [controller.name, controller]))('%s asks who comes, and what he changes leaves a trace', (_, controller) => {
  expect(Reflect.getMetadata(GUARDS_METADATA, controller)).toEqual([OperatorGuard]);
  expect(Reflect.getMetadata(INTERCEPTORS_METADATA, controller)).toEqual([RepeatCallsInterceptor, TrailChangesInterceptor]);
});

it('a period of usage that ends before it begins is refused', () =>
  expect(new UsageClient({} as RequestClient).show('sms-kw00001-1', undefined, { from: '2026-12-01T00:00:00Z', to: '2026-11-01T00:00:00Z' })).rejects.toThrow(
    'to must not be before from',
  ));
