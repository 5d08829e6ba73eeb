import { Delete, Get, Post, Put } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { readRoute } from '../describe-api/ovh-schema.js';
import { lackingSmsRoutes } from '../describe-api/sms-routes.js';
import { objectUnknown, optionLacking } from '../v6/ovh-error.js';
import { V6Controller } from '../v6/v6-controller.js';

const routes = lackingSmsRoutes.map(readRoute);
/** In Nest's words. */
const pathsOf = (method: string, isList: (path: { answer: string }) => boolean = () => true): string[] =>
  routes.filter((route) => route.method === method && isList(route)).map(({ path }) => path.slice(1).replaceAll(/\{(\w+)\}/g, ':$1'));
const hasList = ({ answer }: { answer: string }): boolean => answer.endsWith('[]');

/**
 * What OVH sells beside an account's own messages (docs/ovh-routes.md): lists are empty, what would be in them is unknown, and what would
 * make or change it is refused, as for an account that has not bought it.
 */
@ApiExcludeController()
@V6Controller()
export class LackOptionsController {
  @Get(pathsOf('GET', hasList))
  list(): [] {
    return [];
  }

  @Get(pathsOf('GET', (route) => !hasList(route)))
  one(): never {
    throw objectUnknown();
  }

  @Post(pathsOf('POST'))
  make(): never {
    throw optionLacking();
  }

  @Put(pathsOf('PUT'))
  change(): never {
    throw objectUnknown();
  }

  @Delete(pathsOf('DELETE'))
  delete(): never {
    throw objectUnknown();
  }
}
