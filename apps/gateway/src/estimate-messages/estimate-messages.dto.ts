import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsString, MaxLength, MinLength } from 'class-validator';
import { LooseBoolean } from '../edge/loose-values.js';

/** Longer than any message that is sent: its parts may still be asked for. */
export const estimatedTextLengthMax = 10_000;

export class EstimateDto {
  @ApiProperty({ example: 'Your parcel is at the door.', maxLength: estimatedTextLengthMax })
  @IsString()
  @MinLength(1)
  @MaxLength(estimatedTextLengthMax)
  message!: string;

  @ApiProperty({ description: 'True for a message without advertising: no STOP clause', example: true })
  @LooseBoolean()
  @IsBoolean()
  noStopClause!: boolean;

  @ApiProperty({ enum: ['alpha', 'numeric', 'shortcode', 'virtual'], example: 'alpha' })
  @IsIn(['alpha', 'numeric', 'shortcode', 'virtual'])
  senderType!: 'alpha' | 'numeric' | 'shortcode' | 'virtual';
}

/** sms.JobEstimate (OVH.md 1.1). */
export class JobEstimate {
  @ApiProperty({ description: 'Septets with escapes, or UTF-16 units' }) characters!: number;
  @ApiProperty({ enum: ['7bits', 'unicode'] }) charactersClass!: '7bits' | 'unicode';
  @ApiProperty() maxCharactersPerPart!: number;
  @ApiProperty() parts!: number;
}
