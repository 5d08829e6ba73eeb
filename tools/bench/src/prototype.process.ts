// DESIGN §10's bare prototype: one HTTP endpoint and two durable commits a request, one after the other, each batching what waits; no password, no rules, no other
// service, no delivery. What it reaches is what this machine leaves to any HTTP service that keeps the same promise in one process.
import { DurableDatabase } from '@kwota/service-kit/sqlite';
import { startService } from '@kwota/service-kit/service';
import { createLogger } from '@kwota/service-kit/logger';
import { LogInMemory } from '@kwota/service-kit/log-in-memory';
import { Controller, Get, Query } from '@nestjs/common';
import { join } from 'node:path';

const [folder = ''] = process.argv.slice(2);

/** Take the queue, one insert, answer all, next by `setImmediate`. */
class BatchedCommits {
  private waiting: { text: string; resolve: () => void }[] = [];
  private readonly database: DurableDatabase;
  private readonly insert;

  constructor(name: string) {
    this.database = new DurableDatabase(join(folder, `${name}.db`));
    this.database.exec('CREATE TABLE commits (position INTEGER PRIMARY KEY, messages TEXT NOT NULL)');
    this.insert = this.database.prepare('INSERT INTO commits (messages) VALUES (?)');
  }

  add(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.waiting.length === 0) setImmediate(() => this.commit());
      this.waiting.push({ text, resolve });
    });
  }

  private commit(): void {
    const batch = this.waiting;
    this.waiting = [];
    this.insert.run(batch.map(({ text }) => text).join('\n'));
    for (const { resolve } of batch) resolve();
  }
}

const log = new BatchedCommits('log');
const ledger = new BatchedCommits('ledger');

@Controller()
class SendController {
  @Get('http2sms')
  async send(@Query() query: Record<string, string>): Promise<string> {
    const text = JSON.stringify(query);
    await log.add(text);
    await ledger.add(text);
    return 'OK';
  }
}

class PrototypeModule {}

const service = await startService(
  { module: PrototypeModule, controllers: [SendController] },
  { name: 'prototype', messaging: new LogInMemory(), logger: createLogger('prototype', 'error'), listen: { host: '127.0.0.1', port: 0 } },
);
process.stdout.write(`${service.url}\n`);
