import {
  deleteApplication,
  deleteOauthClient,
  deleteOperator,
  deleteOwner,
  listApplications,
  listCredentials,
  listOauthClients,
  listOperators,
  listOwners,
  requestCredential,
  revokeCredential,
  saveApplication,
  saveOauthClient,
  saveOperator,
  saveOwner,
  validateCredential,
} from '@kwota/contracts/owners.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable } from '@nestjs/common';
import { ChangesMadeHere } from '../known-users/changes-made-here.js';
import { sha256 } from '../operator/operator.guard.js';
import type { NewNames } from '../repeat-calls/new-names.js';
import { badRequest, conflict, objectUnknown } from '../v6/ovh-error.js';
import { overlapHoursDefault, type ChangeOwnerDto, type CreateApplicationDto, type CreateOwnerDto, type RotateDto, type SaveOperatorDto } from './owner.dto.js';

const hourMs = 3_600_000;
/** 144 and 192 bits. */
const newName = (names: NewNames, what: string): string => names(what, 12).toString('hex');
const newSecret = (names: NewNames, what: string): string => names(what, 24).toString('base64url');

/** What an operator does with owners, their applications, keys and OAuth2 clients, and with other operators. Secrets are shown once. */
@Injectable()
export class ManageOwnersClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
    private readonly changes: ChangesMadeHere,
  ) {}

  async owners() {
    return (await this.requests.ask(listOwners, {})).owners;
  }

  async owner(ownerId: string) {
    const [owner] = isOwnerId(ownerId) ? (await this.requests.ask(listOwners, { ownerId })).owners : [];
    if (!owner) throw objectUnknown();
    return owner;
  }

  async createOwner({ ownerId, ...fields }: CreateOwnerDto): Promise<void> {
    if ((await this.requests.ask(listOwners, { ownerId })).owners.length > 0) throw conflict('This owner already exists');
    await this.saveOwner(ownerId, fields);
  }

  async changeOwner(ownerId: string, fields: ChangeOwnerDto): Promise<void> {
    await this.owner(ownerId);
    await this.saveOwner(ownerId, fields);
  }

  async deleteOwner(ownerId: string): Promise<void> {
    await this.owner(ownerId);
    await this.requests.ask(deleteOwner, { ownerId });
    this.changes.tell({ kind: 'access-changed' });
  }

  async applications(ownerId: string) {
    await this.owner(ownerId);
    const [{ applications }, { credentials }] = await Promise.all([this.requests.ask(listApplications, { ownerId }), this.requests.ask(listCredentials, { ownerId })]);
    return applications.map((application) => ({ ...application, credentials: credentials.filter((one) => one.applicationKey === application.applicationKey) }));
  }

  /** With rules a consumer key comes along, valid at once: an operator needs no page. */
  async createApplication(ownerId: string, { name, description, accessRules }: CreateApplicationDto, names: NewNames) {
    await this.owner(ownerId);
    const [applicationKey, applicationSecret] = [newName(names, 'application key'), newSecret(names, 'application secret')];
    const saved = await this.requests.ask(saveApplication, {
      applicationKey,
      ownerId,
      name: name ?? '',
      description: description ?? '',
      sealedApplicationSecret: this.sealing.seal(applicationSecret, applicationKey),
    });
    if (saved.outcome === 'refused') throw objectUnknown();
    const keys = { applicationKey, applicationSecret };
    if (!accessRules?.length) return keys;
    const [consumerKey, tokenSha256] = [newSecret(names, 'consumer key'), sha256(newSecret(names, 'page')).toString('hex')];
    const rules = accessRules.map(({ method, path }) => ({ method, path }));
    await this.requests.ask(requestCredential, { applicationKey, consumerKey, tokenSha256, rules, redirection: null, allowedIps: [] });
    await this.requests.ask(validateCredential, { tokenSha256, ownerId, granted: true, expiresAtMs: null });
    return { ...keys, consumerKey };
  }

  async rotateApplication(ownerId: string, applicationKey: string, { overlapHours }: RotateDto, names: NewNames) {
    const { applications } = await this.requests.ask(listApplications, isOwnerId(ownerId) ? { ownerId } : {});
    if (!applications.some((one) => one.applicationKey === applicationKey && one.ownerId === ownerId)) throw objectUnknown();
    const applicationSecret = newSecret(names, 'application secret');
    const overlapMs = (overlapHours ?? overlapHoursDefault) * hourMs;
    await this.requests.ask(saveApplication, { applicationKey, ownerId, sealedApplicationSecret: this.sealing.seal(applicationSecret, applicationKey), overlapMs });
    this.changes.tell({ kind: 'access-changed' });
    return { applicationKey, applicationSecret };
  }

  async deleteApplication(ownerId: string, applicationKey: string): Promise<void> {
    const { applications } = await this.requests.ask(listApplications, isOwnerId(ownerId) ? { ownerId } : {});
    if (!applications.some((one) => one.applicationKey === applicationKey && one.ownerId === ownerId)) throw objectUnknown();
    await this.requests.ask(deleteApplication, { applicationKey });
    this.changes.tell({ kind: 'access-changed' });
  }

  async revoke(ownerId: string, id: string): Promise<void> {
    const { credentials } = await this.requests.ask(listCredentials, isOwnerId(ownerId) ? { ownerId } : { credentialId: 0 });
    const known = credentials.find(({ credentialId }) => String(credentialId) === id);
    if (!known) throw objectUnknown();
    await this.requests.ask(revokeCredential, { credentialId: known.credentialId });
    this.changes.tell({ kind: 'access-changed' });
  }

  async clients(ownerId: string) {
    await this.owner(ownerId);
    return (await this.requests.ask(listOauthClients, { ownerId })).clients;
  }

  async createClient(ownerId: string, name: string, names: NewNames) {
    await this.owner(ownerId);
    const [clientId, clientSecret] = [`EU.${newName(names, 'client id')}`, newSecret(names, 'client secret')];
    const saved = await this.requests.ask(saveOauthClient, { clientId, ownerId, name, sealedClientSecret: this.sealing.seal(clientSecret, clientId) });
    if (saved.outcome === 'refused') throw objectUnknown();
    return { clientId, clientSecret };
  }

  async rotateClient(ownerId: string, clientId: string, { overlapHours }: RotateDto, names: NewNames) {
    if (!(await this.clients(ownerId)).some((one) => one.clientId === clientId)) throw objectUnknown();
    const clientSecret = newSecret(names, 'client secret');
    const overlapMs = (overlapHours ?? overlapHoursDefault) * hourMs;
    await this.requests.ask(saveOauthClient, { clientId, ownerId, sealedClientSecret: this.sealing.seal(clientSecret, clientId), overlapMs });
    this.changes.tell({ kind: 'access-changed' });
    return { clientId, clientSecret };
  }

  async deleteClient(ownerId: string, clientId: string): Promise<void> {
    if (!(await this.clients(ownerId)).some((one) => one.clientId === clientId)) throw objectUnknown();
    await this.requests.ask(deleteOauthClient, { clientId });
    this.changes.tell({ kind: 'access-changed' });
  }

  async operators() {
    return [{ name: 'first', role: 'admin' }, ...(await this.requests.ask(listOperators, {})).operators];
  }

  /** Under a name that is there: a new token, and the role that is given. */
  async saveOperator({ name, role }: SaveOperatorDto, names: NewNames) {
    const operatorToken = newSecret(names, 'operator token');
    await this.requests.ask(saveOperator, { name, role, tokenSha256: sha256(operatorToken).toString('hex') });
    this.changes.tell({ kind: 'access-changed' });
    return { name, role, operatorToken };
  }

  async deleteOperator(name: string): Promise<void> {
    const deleted = await this.requests.ask(deleteOperator, { name: name.slice(0, 64) });
    if (deleted.outcome === 'refused') throw objectUnknown();
    this.changes.tell({ kind: 'access-changed' });
  }

  private async saveOwner(ownerId: string, { email, firstname, name, accounts, password }: ChangeOwnerDto): Promise<void> {
    const saved = await this.requests.ask(saveOwner, {
      ownerId,
      ...(email == null ? {} : { email }),
      ...(firstname == null ? {} : { firstname }),
      ...(name == null ? {} : { name }),
      ...(accounts == null ? {} : { accounts }),
      ...(password == null ? {} : { sealedPassword: this.sealing.seal(password, ownerId) }),
    });
    if (saved.outcome === 'refused') throw badRequest('accounts must be SMS accounts that are there');
    // What his keys open has changed.
    this.changes.tell({ kind: 'access-changed' });
  }
}

/** What cannot be one need not be looked up. */
const isOwnerId = (ownerId: string): boolean => /^[a-z0-9][a-z0-9-]{1,39}$/.test(ownerId);
