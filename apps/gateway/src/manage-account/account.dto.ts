import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsOptional, IsString, Matches, MaxLength, ValidateIf, ValidateNested } from 'class-validator';
import { callbackLengthMax } from '../manage-users/api-user.dto.js';

const urlForm = /^https?:\/\/.+$/;

export class TemplatesDto {
  @ApiPropertyOptional() @IsOptional() @IsBoolean() customizedEmailMode?: boolean;
  @ApiPropertyOptional() @IsOptional() @IsBoolean() customizedSmsMode?: boolean;
  @ApiPropertyOptional() @IsOptional() @IsString() @MaxLength(254) emailFrom?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() @MaxLength(200) emailSubject?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() @MaxLength(10_000) emailBody?: string;
  @ApiPropertyOptional({ maxLength: 70 }) @IsOptional() @IsString() @MaxLength(70) smsBody?: string;
}

export class ChangeAccountDto {
  @ApiPropertyOptional() @IsOptional() @IsString() @MaxLength(200) description?: string;

  @ApiPropertyOptional({ type: String, nullable: true })
  @ValidateIf(({ callBack }: ChangeAccountDto) => typeof callBack === 'string' && callBack !== '')
  @Matches(urlForm, { message: 'callBack must be an http or https URL' })
  @MaxLength(callbackLengthMax)
  callBack?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true })
  @ValidateIf(({ stopCallBack }: ChangeAccountDto) => typeof stopCallBack === 'string' && stopCallBack !== '')
  @Matches(urlForm, { message: 'stopCallBack must be an http or https URL' })
  @MaxLength(callbackLengthMax)
  stopCallBack?: string | null;

  @ApiPropertyOptional({ type: TemplatesDto }) @IsOptional() @ValidateNested() @Type(() => TemplatesDto) templates?: TemplatesDto;
}
