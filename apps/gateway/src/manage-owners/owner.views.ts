// What the operator API answers about owners and operators, for the OpenAPI document.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { AccessRuleDto } from '../authorise-owners/credential.dto.js';

export class OwnerShown {
  @ApiProperty({ example: 'kw1-kwota' }) ownerId!: string;
  @ApiProperty() email!: string;
  @ApiProperty() firstname!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: [String], example: ['sms-kw00001-1'] }) accounts!: string[];
  @ApiProperty() hasPassword!: boolean;
}

export class CredentialShown {
  @ApiProperty({ type: 'integer' }) credentialId!: number;
  @ApiProperty() applicationKey!: string;
  @ApiProperty({ type: String, nullable: true }) ownerId!: string | null;
  @ApiProperty({ type: [AccessRuleDto] }) rules!: AccessRuleDto[];
  @ApiProperty({ type: [String] }) allowedIps!: string[];
  @ApiProperty({ enum: ['pendingValidation', 'validated', 'refused', 'expired'] }) status!: string;
  @ApiProperty({ type: 'integer', format: 'int64' }) createdAtMs!: number;
  @ApiProperty({ type: 'integer', format: 'int64', nullable: true }) expiresAtMs!: number | null;
  @ApiProperty({ type: 'integer', format: 'int64', nullable: true }) lastUseAtMs!: number | null;
}

export class ApplicationShown {
  @ApiProperty({ type: 'integer' }) applicationId!: number;
  @ApiProperty() applicationKey!: string;
  @ApiProperty() ownerId!: string;
  @ApiProperty() name!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ type: 'integer', format: 'int64' }) secretChangedAtMs!: number;
  @ApiProperty({ type: 'integer', format: 'int64', nullable: true, description: 'Until then the secret before is good too' }) previousUntilMs!: number | null;
  @ApiProperty({ type: [CredentialShown] }) credentials!: CredentialShown[];
}

/** Shown once. */
export class ApplicationKeysShown {
  @ApiProperty() applicationKey!: string;
  @ApiProperty() applicationSecret!: string;
  @ApiPropertyOptional() consumerKey?: string;
}

export class ClientShown {
  @ApiProperty() clientId!: string;
  @ApiProperty({ type: String, nullable: true }) ownerId!: string | null;
  @ApiProperty() name!: string;
  @ApiProperty({ type: 'integer', format: 'int64', nullable: true }) previousUntilMs!: number | null;
}

/** Shown once. */
export class ClientSecretShown {
  @ApiProperty() clientId!: string;
  @ApiProperty() clientSecret!: string;
}

export class OperatorShown {
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['admin', 'auditor'] }) role!: string;
}

/** Shown once. */
export class OperatorTokenShown extends OperatorShown {
  @ApiProperty() operatorToken!: string;
}
