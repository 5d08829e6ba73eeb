import { parseScript, startSmscSimulator, type SimulatorScript } from '@kwota/smsc-simulator';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';

type Options = { host: string; port: number; systemId: string; password: string; receiptDelayMs: number; latencyMs: number; windowMax?: number; submitsPerSecondMax?: number; receiptsShuffledOverMs: number; ids: 'words' | 'decimal'; queries?: boolean; script?: SimulatorScript; logFile?: string };

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
};

const scriptIn = (path: string): SimulatorScript => {
  try {
    return parseScript(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be read: ${(error as Error).message}.`);
  }
};

const { queries = false, ...options } = new Command('smsc-simulator')
  .description('An SMPP server whose receivers decide the result; no SMS leaves.')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on, 0 for a free one', wholeNumber, 2775)
  .option('--system-id <id>', 'whom it lets bind', 'kwota')
  .option('--password <password>', 'and with what', 'secret')
  .option('--receipt-delay-ms <number>', 'pause before each receipt', wholeNumber, 0)
  .option('--latency-ms <number>', 'pause before each answer', wholeNumber, 0)
  .option('--window-max <number>', 'throttles more submit_sm without an answer', wholeNumber)
  .option('--submits-per-second-max <number>', 'throttles more in a second', wholeNumber)
  .option('--receipts-shuffled-over-ms <number>', 'receipts overtake each other within that time', wholeNumber, 0)
  .addOption(new Option('--ids <kind>', 'message ids').choices(['words', 'decimal']).default('words'))
  .option('--queries', 'answers query_sm')
  .option('--script <path>', 'rules for receivers, JSON (libs/smsc-simulator/README.md)', scriptIn)
  .option('--log-file <path>', 'append each accepted submit_sm as a JSON line')
  .parse()
  .opts<Options>();

const simulator = await startSmscSimulator({ ...options, answersQueries: queries });
process.stdout.write(`SMSC simulator listens on ${options.host}:${simulator.port}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());
