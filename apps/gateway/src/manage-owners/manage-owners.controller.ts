import { Body, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Names, type NewNames } from '../repeat-calls/new-names.js';
import { OncePerKey } from '../repeat-calls/once-per-key.js';
import { OperatorRoutes } from '../operator/operator-routes.js';
import { ManageOwnersClient } from './manage-owners.client.js';
import { ChangeOwnerDto, CreateApplicationDto, CreateClientDto, CreateOwnerDto, RotateDto } from './owner.dto.js';
import { ApplicationKeysShown, ApplicationShown, ClientSecretShown, ClientShown, OwnerShown } from './owner.views.js';

/** Owners with their accounts; secrets are shown once, in the answer that makes them. */
@OperatorRoutes('owners')
export class ManageOwnersController {
  constructor(private readonly owners: ManageOwnersClient) {}

  @Get()
  @ApiOperation({ summary: 'All owners' })
  @ApiOkResponse({ type: [OwnerShown] })
  list() {
    return this.owners.owners();
  }

  @Post()
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'Create an owner' })
  async create(@Body() body: CreateOwnerDto): Promise<null> {
    await this.owners.createOwner(body);
    return null;
  }

  @Get(':ownerId')
  @ApiOperation({ summary: 'An owner with his accounts' })
  @ApiOkResponse({ type: OwnerShown })
  show(@Param('ownerId') ownerId: string) {
    return this.owners.owner(ownerId);
  }

  @Put(':ownerId')
  @ApiOperation({ summary: 'Change an owner; what is left out stays' })
  async change(@Param('ownerId') ownerId: string, @Body() body: ChangeOwnerDto): Promise<null> {
    await this.owners.changeOwner(ownerId, body);
    return null;
  }

  @Delete(':ownerId')
  @ApiOperation({ summary: 'Delete an owner with all his keys; his accounts stay' })
  async delete(@Param('ownerId') ownerId: string): Promise<null> {
    await this.owners.deleteOwner(ownerId);
    return null;
  }

  @Get(':ownerId/applications')
  @ApiOperation({ summary: 'His applications with their consumer keys, without secrets' })
  @ApiOkResponse({ type: [ApplicationShown] })
  applications(@Param('ownerId') ownerId: string) {
    return this.owners.applications(ownerId);
  }

  @Post(':ownerId/applications')
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'Create an application; with access rules a consumer key comes along' })
  @ApiOkResponse({ type: ApplicationKeysShown })
  createApplication(@Param('ownerId') ownerId: string, @Body() body: CreateApplicationDto, @Names() names: NewNames) {
    return this.owners.createApplication(ownerId, body, names);
  }

  @Post(':ownerId/applications/:applicationKey/rotate')
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'A new secret; the one before is good for a while' })
  @ApiOkResponse({ type: ApplicationKeysShown })
  rotateApplication(@Param('ownerId') ownerId: string, @Param('applicationKey') key: string, @Body() body: RotateDto, @Names() names: NewNames) {
    return this.owners.rotateApplication(ownerId, key, body, names);
  }

  @Delete(':ownerId/applications/:applicationKey')
  @ApiOperation({ summary: 'Delete an application with its consumer keys' })
  async deleteApplication(@Param('ownerId') ownerId: string, @Param('applicationKey') key: string): Promise<null> {
    await this.owners.deleteApplication(ownerId, key);
    return null;
  }

  @Delete(':ownerId/credentials/:credentialId')
  @ApiOperation({ summary: 'End a consumer key' })
  async revoke(@Param('ownerId') ownerId: string, @Param('credentialId') id: string): Promise<null> {
    await this.owners.revoke(ownerId, id);
    return null;
  }

  @Get(':ownerId/clients')
  @ApiOperation({ summary: 'His OAuth2 clients, without secrets' })
  @ApiOkResponse({ type: [ClientShown] })
  clients(@Param('ownerId') ownerId: string) {
    return this.owners.clients(ownerId);
  }

  @Post(':ownerId/clients')
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'Create an OAuth2 client' })
  @ApiOkResponse({ type: ClientSecretShown })
  createClient(@Param('ownerId') ownerId: string, @Body() { name }: CreateClientDto, @Names() names: NewNames) {
    return this.owners.createClient(ownerId, name ?? '', names);
  }

  @Post(':ownerId/clients/:clientId/rotate')
  @HttpCode(200)
  @OncePerKey()
  @ApiOperation({ summary: 'A new secret; the one before is good for a while' })
  @ApiOkResponse({ type: ClientSecretShown })
  rotateClient(@Param('ownerId') ownerId: string, @Param('clientId') clientId: string, @Body() body: RotateDto, @Names() names: NewNames) {
    return this.owners.rotateClient(ownerId, clientId, body, names);
  }

  @Delete(':ownerId/clients/:clientId')
  @ApiOperation({ summary: 'Delete an OAuth2 client, and with it its tokens' })
  async deleteClient(@Param('ownerId') ownerId: string, @Param('clientId') clientId: string): Promise<null> {
    await this.owners.deleteClient(ownerId, clientId);
    return null;
  }
}
