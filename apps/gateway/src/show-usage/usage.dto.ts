import { ApiProperty } from '@nestjs/swagger';

export class UsageView {
  @ApiProperty({ type: String, nullable: true, description: 'null: the account itself, or a user who is deleted since' }) login!: string | null;
  @ApiProperty({ type: String, nullable: true }) userId!: string | null;
  @ApiProperty() messages!: number;
  @ApiProperty() parts!: number;
  @ApiProperty({ description: 'DLR 1' }) delivered!: number;
  @ApiProperty({ description: 'DLR 2' }) failed!: number;
  @ApiProperty({ description: 'DLR 16: given back' }) notBilled!: number;
  @ApiProperty() underWay!: number;
  @ApiProperty() credits!: number;
}
