import { revokeCredential } from '@kwota/contracts/owners.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Delete, Get, Param, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiQuery } from '@nestjs/swagger';
import { GatewaySettings } from '../edge/gateway-settings.js';
import { publicUrlOf } from '../edge/public-url.js';
import { DocumentsClient } from '../export-documents/documents.client.js';
import { ChangesMadeHere } from '../known-users/changes-made-here.js';
import { badRequest, objectUnknown } from '../v6/ovh-error.js';
import type { Owner, OwnedRequest } from '../v6/owner.guard.js';
import { V6Controller } from '../v6/v6-controller.js';
import { OwnersClient } from './owners.client.js';

const nobody: Owner = { accounts: [], by: '' };

/** What of OVH's /me SMS tools read: who they are, their keys, and the documents that exports make (OVH.md 1.3). */
@V6Controller('me')
export class ShowOwnerController {
  constructor(
    private readonly requests: RequestClient,
    private readonly owners: OwnersClient,
    private readonly documents: DocumentsClient,
    private readonly changes: ChangesMadeHere,
    private readonly settings: GatewaySettings,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The owner' })
  me(@Req() { owner = nobody }: OwnedRequest) {
    return this.owners.nichandle(owner);
  }

  @Get('api/application')
  @ApiOperation({ summary: "Ids of the owner's applications" })
  async applications(@Req() { owner = nobody }: OwnedRequest): Promise<number[]> {
    return (await this.owners.applications(owner)).map(({ applicationId }) => applicationId);
  }

  @Get('api/application/:applicationId')
  @ApiOperation({ summary: 'An application, without its secret' })
  application(@Req() { owner = nobody }: OwnedRequest, @Param('applicationId') id: string) {
    return this.owners.application(owner, idOf(id));
  }

  @Get('api/credential')
  @ApiOperation({ summary: "Ids of the owner's consumer keys" })
  @ApiQuery({ name: 'applicationId', required: false })
  async credentials(@Req() { owner = nobody }: OwnedRequest, @Query('applicationId') id?: string): Promise<number[]> {
    if (id !== undefined && !/^\d{1,15}$/.test(id)) throw badRequest('applicationId must be a whole number');
    const applicationKey = id === undefined ? undefined : (await this.owners.application(owner, idOf(id))).applicationKey;
    const credentials = await this.owners.credentials(owner);
    return credentials.filter((one) => applicationKey === undefined || one.applicationKey === applicationKey).map(({ credentialId }) => credentialId);
  }

  @Get('api/credential/:credentialId')
  @ApiOperation({ summary: 'A consumer key with its rights, without the key itself' })
  credential(@Req() { owner = nobody }: OwnedRequest, @Param('credentialId') id: string) {
    return this.owners.credential(owner, idOf(id));
  }

  @Delete('api/credential/:credentialId')
  @ApiOperation({ summary: 'End a consumer key' })
  async revoke(@Req() { owner = nobody }: OwnedRequest, @Param('credentialId') id: string): Promise<null> {
    const { credentialId } = await this.owners.credential(owner, idOf(id));
    await this.requests.ask(revokeCredential, { credentialId });
    this.changes.tell({ kind: 'access-changed' });
    return null;
  }

  /** Documents are made when they are asked for, and kept nowhere. */
  @Get('document')
  @ApiOperation({ summary: 'Documents that are kept: none' })
  kept(): [] {
    return [];
  }

  @Get('document/:id')
  @ApiOperation({ summary: 'A document with its size and where to fetch it' })
  document(@Req() request: OwnedRequest, @Param('id') id: string) {
    const { account } = this.documents.find(id);
    if (!request.owner?.accounts.includes(account)) throw objectUnknown();
    return this.documents.show(id, publicUrlOf(request, this.settings));
  }
}

const idOf = (id: string): number => {
  if (!/^\d{1,15}$/.test(id)) throw objectUnknown();
  return Number(id);
};
