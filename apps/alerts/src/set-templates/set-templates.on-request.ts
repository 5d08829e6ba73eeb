import { findAlertTemplates, setAlertTemplates, type AlertTemplates } from '@kwota/contracts/alerts.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { AlertsSettings } from '../alerts-settings.js';
import { templatesEntity } from '../alerts.entities.js';
import { defaultTemplates } from './alert-texts.js';

@Controller()
export class SetTemplatesOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly settings: AlertsSettings,
  ) {}

  @OnRequest(setAlertTemplates)
  async set(@Payload() { account, templates }: { account: string; templates: AlertTemplates }) {
    await this.database.transaction((manager) => manager.upsert(templatesEntity, { account, templates }, ['account']));
    return { outcome: 'done' };
  }

  @OnRequest(findAlertTemplates)
  async find(@Payload() { account }: { account: string }) {
    const row = await this.database.read((manager) => manager.findOneBy(templatesEntity, { account }));
    return { outcome: 'done', templates: row?.templates ?? defaultTemplates(this.settings.mailFrom, this.settings.language) };
  }
}
