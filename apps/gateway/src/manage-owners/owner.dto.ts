import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { AccessRuleDto, accessRulesMax } from '../authorise-owners/credential.dto.js';

const ownerIdForm = /^[a-z0-9][a-z0-9-]{1,39}$/;
/** A day: time enough to bring a new secret everywhere. */
export const overlapHoursDefault = 24;
const overlapHoursMax = 24 * 90;

class OwnerFields {
  @ApiPropertyOptional({ example: 'owner@example.org' })
  @IsOptional()
  @Matches(/^(?:[^\s@]+@[^\s@]+)?$/, { message: 'email must be an e-mail address' })
  @MaxLength(254)
  email?: string | null;

  @ApiPropertyOptional({ example: 'Anna' }) @IsOptional() @IsString() @MaxLength(100) firstname?: string | null;
  @ApiPropertyOptional({ example: 'Kowalska' }) @IsOptional() @IsString() @MaxLength(100) name?: string | null;

  @ApiPropertyOptional({ type: [String], example: ['sms-kw00001-1'] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(1_000)
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  accounts?: string[] | null;

  @ApiPropertyOptional({ description: 'For the page on which keys are validated', minLength: 12, maxLength: 200, example: 'correct horse battery' })
  @IsOptional()
  @IsString()
  @Length(12, 200)
  password?: string | null;
}

export class CreateOwnerDto extends OwnerFields {
  @ApiProperty({ example: 'kw2-kwota' })
  @Matches(ownerIdForm, { message: 'ownerId must be 2 to 40 lower-case letters, digits and hyphens' })
  ownerId!: string;
}

export class ChangeOwnerDto extends OwnerFields {}

export class CreateApplicationDto {
  @ApiPropertyOptional({ example: 'Parcels' }) @IsOptional() @IsString() @MaxLength(100) name?: string | null;
  @ApiPropertyOptional() @IsOptional() @IsString() @MaxLength(200) description?: string | null;

  @ApiPropertyOptional({ type: [AccessRuleDto], description: 'With them a consumer key is made at once, valid without the page' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(accessRulesMax)
  @ValidateNested({ each: true })
  @Type(() => AccessRuleDto)
  accessRules?: AccessRuleDto[] | null;
}

export class CreateClientDto {
  @ApiPropertyOptional({ example: 'Parcels' }) @IsOptional() @IsString() @MaxLength(100) name?: string | null;
}

export class RotateDto {
  @ApiPropertyOptional({ description: 'For so long the secret before is good too', default: overlapHoursDefault })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(overlapHoursMax)
  overlapHours?: number | null;
}

export class SaveOperatorDto {
  @ApiProperty({ example: 'anna' })
  @Matches(/^(?!first$)[a-z0-9][a-z0-9.-]{0,39}$/, { message: 'name must be lower-case letters, digits, dots and hyphens, and not "first"' })
  name!: string;

  @ApiProperty({ enum: ['admin', 'auditor'] })
  @IsIn(['admin', 'auditor'])
  role!: 'admin' | 'auditor';
}
