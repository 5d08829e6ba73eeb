import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsNotEmpty, IsNumber, IsOptional, IsPositive, IsString, Matches, MaxLength, NotEquals } from 'class-validator';
import { ChangeSenderDto } from '../manage-senders/sender.dto.js';

export class CreateAccountDto {
  @ApiPropertyOptional({ example: 'sms-kw00002-1' })
  @IsOptional()
  @Matches(/^sms-[a-z]{2}\d{1,10}-\d{1,5}$/, { message: 'serviceName must look like sms-kw00002-1' })
  serviceName?: string;

  @ApiPropertyOptional({ example: 'Parcels' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  description?: string;

  @ApiPropertyOptional({ description: 'Whose keys are to open it', example: 'kw1-kwota' })
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9-]{1,39}$/, { message: 'ownerId must be 2 to 40 lower-case letters, digits and hyphens' })
  ownerId?: string;
}

export class PurchaseCreditsDto {
  @ApiProperty({ example: 200 })
  @IsNumber({}, { message: 'credits must be a number' })
  @IsPositive()
  credits!: number;

  @ApiPropertyOptional({ description: 'Makes it happen once; the header Idempotency-Key is the same', example: 'invoice-17' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(128)
  reference?: string | null;
}

export class AdjustCreditsDto {
  @ApiProperty({ description: 'Below zero takes away', example: -0.5 })
  @IsNumber({}, { message: 'credits must be a number' })
  @NotEquals(0)
  credits!: number;

  @ApiPropertyOptional({ description: 'Makes it happen once; the header Idempotency-Key is the same', example: 'ticket-8' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(128)
  reference?: string | null;

  @ApiProperty({ description: 'Why, as a code', example: 'goodwill' })
  @Matches(/^[a-z][a-z0-9-]{0,39}$/, { message: 'reasonCode must be lower-case words with hyphens, at most 40 characters' })
  reasonCode!: string;
}

export class DeclareSenderDto {
  @ApiProperty({ example: 'KWOTA' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(16)
  sender!: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(200)
  description?: string;
}

export class DecideSenderDto extends ChangeSenderDto {
  @ApiPropertyOptional({ type: String, nullable: true, description: 'The owner sees it' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  comment?: string | null;
}
