import { ServiceDatabase } from '@kwota/service-kit/database';
import { Outbox } from '@kwota/service-kit/outbox';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ForgetAlertsWorker } from './forget-alerts/forget-alerts.worker.js';
import { ForecastWorker } from './forecast-credit/forecast.worker.js';
import { AlertWorkers } from './send-alerts/alert-workers.js';
import { Mailer } from './send-alerts/mailer.js';

/** What runs beside the messages; it stops in the opposite order, each before what it needs. */
@Injectable()
export class AlertsLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly outbox: Outbox,
    private readonly requests: RequestClient,
    private readonly mailer: Mailer,
    private readonly workers: AlertWorkers,
    private readonly forgetter: ForgetAlertsWorker,
    private readonly forecaster: ForecastWorker,
  ) {}

  onApplicationBootstrap(): void {
    this.outbox.relay();
    this.workers.start();
    this.forgetter.start();
    this.forecaster.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.forgetter.stop();
    // First the requests: an SMS that waits for its answer must not hold up the end.
    await this.requests.close();
    await this.forecaster.stop();
    await this.workers.stop();
    this.mailer.close();
    await this.outbox.close();
    await this.database.close();
  }
}
