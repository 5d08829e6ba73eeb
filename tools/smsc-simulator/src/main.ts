import { startSmscSimulator } from '@kwota/smsc-simulator';
import { Command, InvalidArgumentError } from 'commander';

type Options = { host: string; port: number; systemId: string; password: string; receiptDelayMs: number; logFile?: string };

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
};

const options = new Command('smsc-simulator')
  .description('An SMPP server whose receivers decide the result; no SMS leaves.')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on, 0 for a free one', wholeNumber, 2775)
  .option('--system-id <id>', 'whom it lets bind', 'kwota')
  .option('--password <password>', 'and with what', 'secret')
  .option('--receipt-delay-ms <number>', 'pause before each receipt', wholeNumber, 0)
  .option('--log-file <path>', 'append each accepted submit_sm as a JSON line')
  .parse()
  .opts<Options>();

const simulator = await startSmscSimulator(options);
process.stdout.write(`SMSC simulator listens on ${options.host}:${simulator.port}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());
