// What the operator API answers about accounts, for the OpenAPI document.
import { ApiProperty } from '@nestjs/swagger';

export class AccountNamed {
  @ApiProperty({ example: 'sms-kw00002-1' }) serviceName!: string;
}

export class CreditsLeft {
  @ApiProperty({ example: 200 }) creditsLeft!: number;
}

export class SenderListed {
  @ApiProperty() sender!: string;
  @ApiProperty() status!: string;
  @ApiProperty() description!: string;
}

export class SenderShown extends SenderListed {
  @ApiProperty() reason!: string;
  @ApiProperty({ type: String, nullable: true }) comment!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Enables it while it waits' }) code!: string | null;
}

export class MessageState {
  @ApiProperty({ type: 'integer' }) ptt!: number;
  @ApiProperty({ enum: [0, 1, 2, 4, 8, 16] }) dlr!: number;
  @ApiProperty() final!: boolean;
  @ApiProperty({ type: 'integer' }) parts!: number;
  @ApiProperty({ type: 'integer', format: 'int64' }) acceptedAtMs!: number;
  @ApiProperty({ type: 'integer', format: 'int64', nullable: true }) submittedAtMs!: number | null;
  @ApiProperty({ type: 'integer', format: 'int64', nullable: true }) deliveredAtMs!: number | null;
}

export class CallbackShown {
  @ApiProperty({ type: 'integer' }) sequence!: number;
  @ApiProperty({ type: 'integer' }) ptt!: number;
  @ApiProperty({ type: 'integer' }) dlr!: number;
  @ApiProperty({ enum: ['waiting', 'delivered', 'superseded', 'dead'] }) state!: string;
}

export class AttemptShown {
  @ApiProperty({ type: 'integer' }) sequence!: number;
  @ApiProperty({ type: 'integer' }) attempt!: number;
  @ApiProperty({ type: 'integer', format: 'int64' }) atMs!: number;
  @ApiProperty({ type: 'integer', nullable: true }) status!: number | null;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
}

export class MessageShown {
  @ApiProperty({ type: MessageState, nullable: true }) message!: MessageState | null;
  @ApiProperty({ type: [AttemptShown] }) attempts!: AttemptShown[];
  @ApiProperty({ type: [CallbackShown] }) callbacks!: CallbackShown[];
}

export class ChangeShown {
  @ApiProperty() id!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty({ example: 'operator:first' }) by!: string;
  @ApiProperty({ type: String, nullable: true }) account!: string | null;
  @ApiProperty({ example: 'PUT /sms/{serviceName}/users/{login}' }) action!: string;
  @ApiProperty({ type: [String] }) subjects!: string[];
  @ApiProperty({ type: [String] }) fields!: string[];
  @ApiProperty({ enum: ['done', 'refused', 'failed', 'unknown'] }) outcome!: string;
}

export class DeadLetterShown {
  @ApiProperty() id!: string;
  @ApiProperty() topic!: string;
  @ApiProperty() account!: string;
  @ApiProperty() type!: string;
  @ApiProperty() group!: string;
  @ApiProperty() stage!: string;
  @ApiProperty() reason!: string;
  @ApiProperty() at!: string;
}
