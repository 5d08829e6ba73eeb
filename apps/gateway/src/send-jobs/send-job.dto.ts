import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsOptional, IsString, Length, Max, MaxLength, Min } from 'class-validator';
import { LooseBoolean, LooseNumber } from '../edge/loose-values.js';

/** POST jobs (OVH.md 1.2). Clients send null for what they leave out, which counts as left out. */
export class SendJobDto {
  @ApiProperty({ example: 'Your parcel is at the door.' })
  @IsString()
  @Length(1, 1_000)
  message!: string;

  @ApiProperty({ type: [String], example: ['+33600000004'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1_000)
  @IsString({ each: true })
  receivers!: string[];

  @ApiPropertyOptional({ example: 'KWOTA' })
  @IsOptional()
  @IsString()
  @MaxLength(16)
  sender?: string | null;

  @ApiPropertyOptional({ description: 'True for a message without advertising: no STOP clause' })
  @IsOptional()
  @LooseBoolean()
  @IsBoolean()
  noStopClause?: boolean | null;

  @ApiPropertyOptional({ maxLength: 20 })
  @IsOptional()
  @IsString()
  @MaxLength(20)
  tag?: string | null;

  @ApiPropertyOptional({ enum: ['flash', 'phoneDisplay', 'sim', 'toolkit'] })
  @IsOptional()
  @IsIn(['flash', 'phoneDisplay', 'sim', 'toolkit'])
  class?: 'flash' | 'phoneDisplay' | 'sim' | 'toolkit' | null;

  @ApiPropertyOptional({ enum: ['7bit', '8bit'] })
  @IsOptional()
  @IsIn(['7bit', '8bit'])
  coding?: '7bit' | '8bit' | null;

  @ApiPropertyOptional({ enum: ['UTF-8'] })
  @IsOptional()
  @IsIn(['UTF-8'])
  charset?: 'UTF-8' | null;

  @ApiPropertyOptional({ description: 'Minutes to wait' })
  @IsOptional()
  @LooseNumber()
  @IsInt()
  @Min(0)
  @Max(129_600)
  differedPeriod?: number | null;

  @ApiPropertyOptional({ description: 'Minutes of validity' })
  @IsOptional()
  @LooseNumber()
  @IsInt()
  @Min(1)
  @Max(129_600)
  validityPeriod?: number | null;

  @ApiPropertyOptional({ enum: ['high', 'medium', 'low', 'veryLow'] })
  @IsOptional()
  @IsIn(['high', 'medium', 'low', 'veryLow'])
  priority?: 'high' | 'medium' | 'low' | 'veryLow' | null;

  @ApiPropertyOptional({ description: 'From the number that can be answered; a named sender is ignored' })
  @IsOptional()
  @LooseBoolean()
  @IsBoolean()
  senderForResponse?: boolean | null;

  @ApiPropertyOptional({ description: 'Not offered: only null or empty' })
  @IsOptional()
  @IsIn([''], { message: 'receiversSlotId is not offered: name the receivers' })
  receiversSlotId?: string | null;

  @ApiPropertyOptional({ description: 'Not offered: only null or empty' })
  @IsOptional()
  @IsIn([''], { message: 'receiversDocumentUrl is not offered: name the receivers' })
  receiversDocumentUrl?: string | null;
}

/** sms.SmsSendingReport (OVH.md 1.1). */
export class SendingReport {
  @ApiProperty({ type: [Number] }) ids!: number[];
  @ApiProperty({ type: [String] }) invalidReceivers!: string[];
  @ApiProperty() totalCreditsRemoved!: number;
  @ApiProperty({ type: [String] }) validReceivers!: string[];
  @ApiPropertyOptional() tag?: string;
}
