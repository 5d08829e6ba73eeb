import type { Type } from '@nestjs/common';
import 'reflect-metadata';
import { checkInput } from '../src/edge/check-input.js';
import { EstimateDto } from '../src/estimate-messages/estimate-messages.dto.js';
import { ChangeApiUserDto, CreateApiUserDto } from '../src/manage-users/api-user.dto.js';

const faultOf = (metatype: Type, body: unknown): Promise<string> =>
  checkInput()
    .transform(body, { type: 'body', metatype })
    .then(
      () => '',
      (error: Error) => error.message,
    );

it.each<[Type, unknown, string]>([
  [CreateApiUserDto, {}, 'login is required; password is required'],
  [EstimateDto, { noStopClause: 'no', senderType: 'alpha' }, 'message is required; noStopClause must be a boolean value'],
  [EstimateDto, { message: 5, noStopClause: true, senderType: 'alpha' }, 'message must be a string'],
  [ChangeApiUserDto, { quotaInformations: { quotaLeft: -1 } }, 'quotaInformations.quotaLeft must not be less than 0; quotaInformations.quotaStatus is required'],
  [ChangeApiUserDto, { callBack: 'ftp://example.org' }, 'callBack must be an http or https URL'],
])('%p %j: each field with the first thing that is wrong with it', async (dto, body, expected) => expect(await faultOf(dto, body)).toBe(expected));
