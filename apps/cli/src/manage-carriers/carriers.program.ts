import type { Command } from 'commander';
import type { OperatorApi } from '../operator-api.client.js';
import type { Report } from '../report.js';
import { addCarrier, listCarriers, pauseCarriers, removeCarrier, setCarrier, showCarrier } from './carriers.commands.js';

type Json = { json?: boolean };
type Ask = (options: Json, work: (api: OperatorApi) => Promise<Report>) => Promise<void>;
type AddCommand = (nameAndArguments: string, description: string) => Command;

export const carriersHelp = `
Settings are name=value: bind, prefixes (by commas), weight, windowSize, submitsPerSecondMax, lostAnswer, profile, alphabet, longMessages, registeredDelivery,
validityPeriod, systemType, serviceType, addresses (JSON), queryAfterSeconds, tlsCa. The URL is smpp://system_id:password@host:port, or ssmpp:// for TLS.`;

export const addCarrierCommands = (command: AddCommand, ask: Ask, urlOf: (given: string) => Promise<string>): void => {
  command('list', 'whether each is bound, and what waits for it').action((options: Json) => ask(options, listCarriers));
  command('show <name>', 'one with all its settings').action((name: string, options: Json) => ask(options, (api) => showCarrier(api, name)));
  command('add <name> [settings...]', 'add an SMSC, while the carrier runs')
    .requiredOption('--url <url>', 'with system_id and password; - reads it from standard input')
    .action(async (name: string, settings: string[], options: Json & { url: string }) => {
      const url = await urlOf(options.url);
      await ask(options, (api) => addCarrier(api, name, url, settings));
    });
  command('set <name> [settings...]', 'change one; what is left out stays')
    .option('--url <url>', 'another one; - reads it from standard input')
    .action(async (name: string, settings: string[], options: Json & { url?: string }) => {
      const url = options.url === undefined ? undefined : await urlOf(options.url);
      await ask(options, (api) => setCarrier(api, name, settings, url));
    });
  command('remove <name>', 'what it was to send goes to others').action((name: string, options: Json) => ask(options, (api) => removeCarrier(api, name)));
  command('pause [name]', 'nothing is sent through it; without a name, nothing at all').action((name: string | undefined, options: Json) =>
    ask(options, (api) => pauseCarriers(api, name, true)),
  );
  command('resume [name]', 'it sends again; without a name, all do').action((name: string | undefined, options: Json) => ask(options, (api) => pauseCarriers(api, name, false)));
};
