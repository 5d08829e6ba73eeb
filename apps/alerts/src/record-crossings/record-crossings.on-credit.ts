import { credit, type CreditFact } from '@kwota/contracts/credit.v1';
import { TransientFailure } from '@kwota/messaging/failures';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { RecordCrossingsHandler } from './record-crossings.handler.js';

const crossingType = 'kwota.credit.threshold-crossed.v1';

/** Of thousands of credit events one is a crossing: the others are skipped by their type, as facts of no interest, without being parsed. */
const crossings = {
  ...credit,
  read: (value: string, ceType: string | undefined) => (ceType === crossingType ? credit.read(value, ceType) : { unknownType: ceType ?? 'none' }),
};

@Controller()
export class RecordCrossingsOnCredit {
  constructor(private readonly crossings: RecordCrossingsHandler) {}

  /** @throws TransientFailure when the store is out of reach: the crossings come again. */
  @OnMessages(crossings)
  async handle(@Payload() batch: readonly Received<CreditFact>[]): Promise<void> {
    const crossed = batch.map(({ message }) => message).filter((fact) => fact.type === 'ThresholdCrossed');
    await this.crossings.record(crossed).catch((error: Error) => {
      throw new TransientFailure('store', error.name, { cause: error });
    });
  }
}
