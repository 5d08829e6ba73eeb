import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { LooseNumber } from '../edge/loose-values.js';

/** OVH's panel: exactly eight word characters (OVH.md 6). */
const passwordForm = /^\w{8}$/;
const passwordRule = { message: 'password must be exactly 8 word characters (letters, digits, _)' };
export const loginLengthMax = 40;
export const callbackLengthMax = 2_048;
const urlForm = /^https?:\/\/.+$/i;
/** Faster than anything sends. */
const messagesPerMinuteMax = 10_000_000;
/** In credits; as milli-credits it stays far below 2^53. */
const thresholdMax = 1_000_000_000;

export class CreateApiUserDto {
  @ApiProperty({ maxLength: loginLengthMax, example: 'parcels' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(loginLengthMax)
  @Matches(/^(?!\.{1,2}$)[^\s\p{C}/|,?#]+$/u, { message: 'login must not be . or .., or contain spaces, control characters or any of / | , ? #' })
  login!: string;

  @ApiProperty({ pattern: passwordForm.source, example: 'Abcd1234' })
  @Matches(passwordForm, passwordRule)
  password!: string;
}

export class QuotaDto {
  @ApiProperty({ minimum: 0, example: 150 })
  @LooseNumber()
  @IsNumber({}, { message: 'quotaLeft must be a number' })
  @Min(0)
  quotaLeft!: number;

  @ApiProperty({ enum: ['active', 'inactive'] })
  @IsIn(['active', 'inactive'])
  quotaStatus!: 'active' | 'inactive';
}

export class AlertThresholdDto {
  @ApiProperty({ type: String, nullable: true, example: 'owner@example.org' })
  @ValidateIf(({ alertEmail }: AlertThresholdDto) => alertEmail !== '' && alertEmail !== null)
  @Matches(/^[^\s@]+@[^\s@]+$/, { message: 'alertEmail must be an e-mail address' })
  @MaxLength(254)
  alertEmail: string | null = '';

  @ApiProperty({ type: String, nullable: true, example: '+33600000004' })
  @IsOptional()
  @Matches(/^(?:\+?\d{1,31})?$/, { message: 'alertNumber must be digits, with or without a leading +' })
  alertNumber: string | null = '';

  @ApiProperty({ description: '-1 switches it off', example: 20 })
  @LooseNumber()
  @IsInt()
  @Min(-1)
  @Max(thresholdMax)
  alertThreshold!: number;

  @ApiProperty({ enum: ['both', 'mail', 'sms'] })
  @IsIn(['both', 'mail', 'sms'])
  support!: 'both' | 'mail' | 'sms';
}

/** Partial: what is left out stays (OVH.md 1.3). */
export class ChangeApiUserDto {
  /** Left out where it is empty: that is what GET shows, and a client may send back what it got. */
  @ApiPropertyOptional({ type: String, nullable: true, pattern: `${passwordForm.source}|^$` })
  @ValidateIf(({ password }: ChangeApiUserDto) => password !== undefined && password !== null && password !== '')
  @Matches(passwordForm, passwordRule)
  password?: string | null;

  @ApiPropertyOptional({ type: QuotaDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => QuotaDto)
  quotaInformations?: QuotaDto;

  @ApiPropertyOptional({ type: AlertThresholdDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => AlertThresholdDto)
  alertThresholdInformations?: AlertThresholdDto;

  @ApiPropertyOptional({ type: [String], maxItems: 5, example: ['203.0.113.7'] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(5, { message: 'ipRestrictions must not have more than 5 addresses' })
  @IsString({ each: true })
  ipRestrictions?: string[];

  @ApiPropertyOptional({ type: String, nullable: true, example: 'https://example.org/dlr' })
  @ValidateIf(({ callBack }: ChangeApiUserDto) => callBack !== undefined && callBack !== null && callBack !== '')
  @Matches(urlForm, { message: 'callBack must be an http or https URL' })
  @MaxLength(callbackLengthMax)
  callBack?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true })
  @ValidateIf(({ stopCallBack }: ChangeApiUserDto) => stopCallBack !== undefined && stopCallBack !== null && stopCallBack !== '')
  @Matches(urlForm, { message: 'stopCallBack must be an http or https URL' })
  @MaxLength(callbackLengthMax)
  stopCallBack?: string | null;

  @ApiPropertyOptional({ type: Number, nullable: true, description: 'Our extension: how many messages the user may send in a minute; 0: as many as it likes', example: 60 })
  @IsOptional()
  @LooseNumber()
  @IsInt()
  @Min(0)
  @Max(messagesPerMinuteMax)
  messagesPerMinute?: number | null;
}

/** sms.User (OVH.md 1.1). */
export class ApiUserView {
  @ApiProperty() login!: string;
  @ApiProperty({ description: 'Never told: an empty string' }) password!: string;
  @ApiProperty({ type: QuotaDto }) quotaInformations!: QuotaDto;
  @ApiProperty({ type: AlertThresholdDto }) alertThresholdInformations!: AlertThresholdDto;
  @ApiProperty({ type: [String] }) ipRestrictions!: string[];
  @ApiProperty({ type: String, nullable: true }) callBack!: string | null;
  @ApiProperty({ type: String, nullable: true }) stopCallBack!: string | null;
}

/** With what only operators see. */
export class OperatedUserView extends ApiUserView {
  @ApiProperty({ type: Number, nullable: true, description: 'null: as many as it likes' }) messagesPerMinute!: number | null;
}
