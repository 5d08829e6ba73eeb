import type { Logger } from '@kwota/service-kit/logger';

/** The service's log as Nest hands it round. Nothing of a request is ever given to it. */
export class GatewayLog {
  constructor(private readonly logger: Logger) {}

  warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.logger.warn(fields, message);
  }

  error(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.logger.error(fields, message);
  }
}
