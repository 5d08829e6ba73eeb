import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { loginLengthMax } from '../manage-users/api-user.dto.js';

export class TestAlertDto {
  @ApiPropertyOptional({ type: String, nullable: true, minLength: 1, maxLength: loginLengthMax, description: "Of this API user; left out: the account's own", example: 'parcels' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(loginLengthMax)
  login?: string | null;
}

class TestedMedium {
  @ApiProperty({ enum: ['mail', 'sms'] }) medium!: 'mail' | 'sms';
  @ApiProperty({ enum: ['sent', 'failed', 'no-credit', 'waiting'], description: 'waiting: no end within ten seconds; it may still go out' }) outcome!: string;
  @ApiProperty({ description: "Why it did not go out: a code of the mail server, the network or the ledger; empty where it did" }) reason!: string;
}

export class TestedAlertView {
  @ApiProperty({ type: [TestedMedium] }) media!: TestedMedium[];
}
