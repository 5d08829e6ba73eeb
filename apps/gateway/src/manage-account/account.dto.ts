import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsNumber, IsObject, IsOptional, IsString, Matches, MaxLength, Min, ValidateIf, ValidateNested } from 'class-validator';
import { callbackLengthMax } from '../manage-users/api-user.dto.js';

const urlForm = /^https?:\/\/.+$/i;
/** They become headers of a mail. */
const oneLine = /^[^\r\n]*$/;

export class TemplatesDto {
  @ApiPropertyOptional() @IsOptional() @IsBoolean() customizedEmailMode?: boolean;
  @ApiPropertyOptional() @IsOptional() @IsBoolean() customizedSmsMode?: boolean;
  @ApiPropertyOptional() @IsOptional() @IsString() @MaxLength(254) @Matches(oneLine, { message: 'emailFrom must be one line' }) emailFrom?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() @MaxLength(200) @Matches(oneLine, { message: 'emailSubject must be one line' }) emailSubject?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() @MaxLength(10_000) emailBody?: string;
  @ApiPropertyOptional({ maxLength: 70 }) @IsOptional() @IsString() @MaxLength(70) smsBody?: string;
}

const notOffered = (field: string) => ({ message: `${field} is not offered` });

/** What is done with a message from a phone; trackingOptions are not offered. */
export class SmsResponseDto {
  @ApiPropertyOptional({ enum: ['none', 'text', 'cgi'] })
  @IsOptional()
  @IsIn(['none', 'text', 'cgi'], { message: 'smsResponse.responseType must be none, text or cgi' })
  responseType?: 'none' | 'text' | 'cgi' | null;

  @ApiPropertyOptional({ maxLength: 160, description: 'The text that is sent back, charged to the pool' }) @IsOptional() @IsString() @MaxLength(160) text?: string | null;

  @ApiPropertyOptional({ description: 'Called with id, date, sender, receiver, message and tag' }) @IsOptional() @IsString() @MaxLength(callbackLengthMax) cgiUrl?: string | null;
}

/** A client may send back the whole of what it got: what is read only is left alone, what is not offered must be as it is shown. */
export class ChangeAccountDto {
  @ApiPropertyOptional() @IsOptional() @IsString() @MaxLength(200) description?: string;

  @ApiPropertyOptional({ type: String, nullable: true })
  @ValidateIf(({ callBack }: ChangeAccountDto) => callBack !== undefined && callBack !== null && callBack !== '')
  @Matches(urlForm, { message: 'callBack must be an http or https URL' })
  @MaxLength(callbackLengthMax)
  callBack?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true })
  @ValidateIf(({ stopCallBack }: ChangeAccountDto) => stopCallBack !== undefined && stopCallBack !== null && stopCallBack !== '')
  @Matches(urlForm, { message: 'stopCallBack must be an http or https URL' })
  @MaxLength(callbackLengthMax)
  stopCallBack?: string | null;

  @ApiPropertyOptional({ description: 'What is left at which kwota.credit.v1 tells that the account is to be topped up; 0 is off', nullable: true })
  @IsOptional()
  @IsNumber({}, { message: 'creditThresholdForAutomaticRecredit must be a number' })
  @Min(0)
  creditThresholdForAutomaticRecredit?: number | null;

  @ApiPropertyOptional({ type: TemplatesDto }) @IsOptional() @IsObject() @ValidateNested() @Type(() => TemplatesDto) templates?: TemplatesDto;

  @ApiPropertyOptional({ type: SmsResponseDto }) @IsOptional() @IsObject() @ValidateNested() @Type(() => SmsResponseDto) smsResponse?: SmsResponseDto;

  @ApiPropertyOptional({ type: Number, nullable: true, enum: [null], description: 'Not offered: only null' })
  @IsOptional()
  @IsIn([null], notOffered('automaticRecreditAmount'))
  automaticRecreditAmount?: null;
}
