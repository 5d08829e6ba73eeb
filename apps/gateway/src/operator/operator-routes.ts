import { applyDecorators, Controller, UseGuards, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { RepeatCallsInterceptor } from '../repeat-calls/repeat-calls.interceptor.js';
import { TrailChangesInterceptor } from '../trail-changes/trail-changes.interceptor.js';
import { OperatorGuard } from './operator.guard.js';

/** A part of the operator API: who asks is checked, and what he changes leaves a trace. */
export const OperatorRoutes = (path: string): ClassDecorator =>
  applyDecorators(ApiTags('operator'), ApiBearerAuth(), Controller(`operator/${path}`), UseGuards(OperatorGuard), UseInterceptors(RepeatCallsInterceptor, TrailChangesInterceptor));
