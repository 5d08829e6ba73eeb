import { applyDecorators, Get, Headers, Param, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiQuery } from '@nestjs/swagger';
import { ApiUsersClient } from '../manage-users/api-users.client.js';
import { incomingFilter, type IncomingFilters } from '../read-incoming/incoming.client.js';
import { outgoingFilter, type OutgoingFilters } from '../read-messages/read-messages.client.js';
import { badRequest } from '../v6/ovh-error.js';
import { V6Controller } from '../v6/v6-controller.js';
import { csvFile } from './csv-file.js';
import { HistoryCsvClient } from './history-csv.client.js';

const text = { type: 'string' } as const;
const number = { type: 'integer', minimum: 0, maximum: 999_999_999 } as const;
const time = { type: 'string', format: 'date-time' } as const;
const dates = { 'creationDatetime.from': time, 'creationDatetime.to': time };
const outgoingParameters = { receiver: text, sender: text, tag: text, ptt: number, deliveryReceipt: number, differedDelivery: number, ...dates };
const incomingParameters = { sender: { ...text, maxLength: 21 }, tag: { ...text, maxLength: 20 }, ...dates };

const GetCsv = (path: string, summary: string, parameters: Readonly<Record<string, object>>): MethodDecorator =>
  applyDecorators(
    Get(path),
    ApiOperation({ summary }),
    ...Object.entries(parameters).map(([name, schema]) => ApiQuery({ name, required: false, schema })),
    ApiProduces('text/csv'),
    ApiOkResponse({ schema: { type: 'string' } }),
  );

/** Our extension to OVH's routes: the history that outgoing and incoming give the ids of, as a file, by the same filters. */
@V6Controller('sms/:serviceName')
export class ExportHistoryController {
  constructor(
    private readonly history: HistoryCsvClient,
    private readonly users: ApiUsersClient,
  ) {}

  @GetCsv('outgoing.csv', "The account's messages as CSV", { ...outgoingParameters, batchID: text })
  outgoing(@Param('serviceName') account: string, @Query() filters: OutgoingFilters, @Headers('x-ovh-batch') batch?: string): Promise<StreamableFile> {
    return this.outgoingFile(account, undefined, filters, batch);
  }

  @GetCsv('incoming.csv', 'Messages from phones as CSV', incomingParameters)
  incoming(@Param('serviceName') account: string, @Query() filters: IncomingFilters, @Headers('x-ovh-batch') batch?: string): Promise<StreamableFile> {
    return this.incomingFile(account, undefined, filters, batch);
  }

  @GetCsv('users/:login/outgoing.csv', "A user's messages as CSV", outgoingParameters)
  async userOutgoing(@Param('serviceName') account: string, @Param('login') login: string, @Query() filters: OutgoingFilters, @Headers('x-ovh-batch') batch?: string): Promise<StreamableFile> {
    return this.outgoingFile(account, await this.userId(account, login), filters, batch);
  }

  @GetCsv('users/:login/incoming.csv', "Answers to a user's messages as CSV", incomingParameters)
  async userIncoming(@Param('serviceName') account: string, @Param('login') login: string, @Query() filters: IncomingFilters, @Headers('x-ovh-batch') batch?: string): Promise<StreamableFile> {
    return this.incomingFile(account, await this.userId(account, login), filters, batch);
  }

  private async outgoingFile(account: string, userId: string | undefined, filters: OutgoingFilters, batch: string | undefined): Promise<StreamableFile> {
    checkAlone(batch);
    const filter = outgoingFilter(account, userId, filters);
    // There are no batches: no message is of one.
    return csvFile(filters.batchID ? this.history.none('outgoing') : this.history.outgoing(filter), `${account}-outgoing`);
  }

  private async incomingFile(account: string, userId: string | undefined, filters: IncomingFilters, batch: string | undefined): Promise<StreamableFile> {
    checkAlone(batch);
    return csvFile(this.history.incoming(incomingFilter(account, userId, filters)), `${account}-incoming`);
  }

  private async userId(account: string, login: string): Promise<string> {
    return (await this.users.one(account, login)).userId;
  }
}

/** A batch is one JSON answer of many. */
const checkAlone = (batch: string | undefined): void => {
  if (batch) throw badRequest('X-Ovh-Batch is not for CSV');
};
