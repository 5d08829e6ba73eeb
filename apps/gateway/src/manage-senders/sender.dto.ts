import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';

const statuses = ['disable', 'enable', 'refused', 'waitingValidation'] as const;
export type SenderStatus = (typeof statuses)[number];

export class ProposeSenderDto {
  @ApiProperty({ example: 'Parcels', maxLength: 16 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(16)
  sender!: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 200 })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  description?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'Why the account may use it', example: 'Our trade mark', maxLength: 500 })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  reason?: string | null;
}

export class ChangeSenderDto {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 200 })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  description?: string | null;

  @ApiPropertyOptional({ enum: statuses, nullable: true })
  @IsOptional()
  @IsIn(statuses)
  status?: SenderStatus | null;
}

export class ValidateSenderDto {
  @ApiProperty({ example: '123456' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(20)
  code!: string;
}

/** sms.Sender (OVH.md 1.1). */
export class SenderView {
  @ApiProperty() sender!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ enum: statuses }) status!: SenderStatus;
  @ApiProperty({ type: String, nullable: true }) comment!: string | null;
  @ApiProperty({ enum: ['custom'] }) referer!: 'custom';
  @ApiProperty({ enum: ['alpha', 'numeric', 'shortcode'] }) type!: 'alpha' | 'numeric' | 'shortcode';
  @ApiProperty({ type: String, nullable: true }) validationMedia!: string | null;
}
