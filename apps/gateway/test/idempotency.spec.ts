import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import { readFileSync } from 'node:fs';
import 'reflect-metadata';
import { LackOptionsController } from '../src/lack-options/lack-options.controller.js';
import { readGatewayConfig } from '../src/gateway.config.js';
import { GatewayModule } from '../src/gateway.module.js';
import { oncePerKey } from '../src/repeat-calls/once-per-key.js';

const { controllers = [] } = GatewayModule.register({ service: 'gateway' } as ServiceRuntime, readGatewayConfig({}), Buffer.alloc(32));
const pathsOf = (target: object): string[] => [Reflect.getMetadata(PATH_METADATA, target) as string | string[]].flat();

/** Every method of a class and of those it extends. */
const methodsOf = (prototype: object | null): string[] =>
  prototype === null || prototype === Object.prototype ? [] : [...Object.getOwnPropertyNames(prototype), ...methodsOf(Object.getPrototypeOf(prototype) as object | null)];

/** As the page writes them: OVH's routes once, under /1.0. */
const routes = controllers
  .filter((controller) => controller !== LackOptionsController)
  .flatMap((controller) =>
    methodsOf(controller.prototype as object).flatMap((name) => {
      const handler = (controller.prototype as Record<string, object>)[name] as object;
      const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
      const isKept = Reflect.getMetadata(oncePerKey, handler) === true;
      if (method !== 'POST' && !isKept) return [];
      return pathsOf(controller)
        .filter((path) => path.startsWith('operator') || path.startsWith('1.0'))
        .flatMap((path) => pathsOf(handler).map((rest) => ({ route: `${method} /${[path, rest].filter((part) => part !== '/' && part !== '').join('/')}`, isKept })));
    }),
  );

/** The routes of a section's table. */
const page = readFileSync(new URL('../../../docs/idempotency.md', import.meta.url), 'utf8');
const routesUnder = (heading: string): string[] => [...(page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '').matchAll(/^\| `((?:POST|PUT) [^`]+)`/gm)].map(([, route = '']) => route);

it('docs/idempotency.md names what is done once per key', () =>
  expect(routesUnder('Once per key, kept by users').toSorted()).toEqual(routes.filter(({ isKept }) => isKept).map(({ route }) => route).toSorted()));

it('and why each other POST is not', () =>
  expect([...routesUnder('Once per key, kept by the ledger'), ...routesUnder('Needs none')].toSorted()).toEqual(routes.filter(({ isKept }) => !isKept).map(({ route }) => route).toSorted()));
