import { applyDecorators, Controller, UseGuards, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { RepeatCallsInterceptor } from '../repeat-calls/repeat-calls.interceptor.js';
import { TrailChangesInterceptor } from '../trail-changes/trail-changes.interceptor.js';
import { BatchInterceptor } from './batch.interceptor.js';
import { JsonStringsInterceptor } from './json-strings.interceptor.js';
import { OwnerGuard } from './owner.guard.js';

/** A part of OVH's API under `/1.0` and its alias `/v1`: who asks is checked, may ask in batches (OVH.md 1, 2), and what he changes leaves a trace. */
export const V6Controller = (path = ''): ClassDecorator =>
  applyDecorators(
    ApiTags('v6'),
    ApiBearerAuth(),
    ApiSecurity('ovh-signature'),
    Controller(['1.0', 'v1'].map((version) => (path ? `${version}/${path}` : version))),
    UseGuards(OwnerGuard),
    UseInterceptors(RepeatCallsInterceptor, TrailChangesInterceptor, JsonStringsInterceptor, BatchInterceptor),
  );
