import { operations, type CodeUnrecognised, type OperationsEvent } from '@kwota/contracts/operations.v1';
import { TransientFailure } from '@kwota/messaging/failures';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { AlertAbout } from '../alerts.entities.js';
import { AlertRecorder } from '../record-alerts/alert-recorder.js';
import { OperatorAlerts } from './operator-alerts.js';

@Controller()
export class TellOfOperationsOnOperations {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly alerts: AlertRecorder,
    private readonly operator: OperatorAlerts,
  ) {}

  /** @throws TransientFailure when the store is out of reach: the events come again. */
  @OnMessages(operations)
  async handle(@Payload() batch: readonly Received<OperationsEvent>[]): Promise<void> {
    await this.record(batch, Date.now()).catch((error: Error) => {
      throw new TransientFailure('store', error.name, { cause: error });
    });
  }

  private async record(batch: readonly Received<OperationsEvent>[], nowMs: number): Promise<void> {
    const added = await this.database.transaction(async (manager) => {
      let rows = 0;
      for (const { message, incoming } of batch) {
        rows += await this.operator.tell(manager, { id: incoming.headers['ce_id'] ?? '', ...alertOf(message) }, nowMs);
      }
      return rows;
    });
    if (added > 0) this.alerts.wake();
  }
}

const alertOf = (event: OperationsEvent): { about: AlertAbout; subject: string } => {
  const { connector } = event;
  if (event.type === 'ConnectorDown') {
    const { problem, downSinceMs } = event;
    return { about: { kind: 'connector-down', connector, problem, downSinceMs }, subject: `connector ${connector}` };
  }
  const code = codeText(event);
  return { about: { kind: 'code-unknown', connector, code }, subject: `code ${connector} ${code}` };
};

const codeText = ({ commandStatus, stat, err, messageState }: CodeUnrecognised): string =>
  Object.entries({ command_status: commandStatus, stat, err, message_state: messageState })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
