import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsOptional, IsString, Matches, MaxLength, ValidateIf, ValidateNested } from 'class-validator';

export const accessRulesMax = 100;

export class AccessRuleDto {
  @ApiProperty({ enum: ['GET', 'POST', 'PUT', 'DELETE'], example: 'GET' })
  @IsIn(['GET', 'POST', 'PUT', 'DELETE'])
  method!: string;

  @ApiProperty({ example: '/sms/*' })
  @Matches(/^\/[\x21-\x7e]*$/, { message: 'path must begin with a slash' })
  @MaxLength(300)
  path!: string;
}

/** Clients send null for what they leave out (OVH.md 2.1). */
export class RequestCredentialDto {
  @ApiProperty({ type: [AccessRuleDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(accessRulesMax)
  @ValidateNested({ each: true })
  @Type(() => AccessRuleDto)
  accessRules!: AccessRuleDto[];

  @ApiPropertyOptional({ type: String, nullable: true, example: 'https://example.org/done' })
  // Some send an empty one for none.
  @ValidateIf(({ redirection }: RequestCredentialDto) => Boolean(redirection))
  @Matches(/^https?:\/\/\S+$/i, { message: 'redirection must be an http or https URL' })
  @MaxLength(2_048)
  redirection?: string | null;

  @ApiPropertyOptional({ type: [String], nullable: true, example: ['203.0.113.0/24'] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @MaxLength(50, { each: true })
  allowedIPs?: string[] | null;
}

export class CredentialRequested {
  @ApiProperty() consumerKey!: string;
  @ApiProperty({ enum: ['pendingValidation'] }) state!: 'pendingValidation';
  @ApiProperty() validationUrl!: string;
}
