import { Option, type Command } from 'commander';
import { instant } from '../arguments.js';
import type { OperatorApi } from '../operator-api.client.js';
import type { Report } from '../report.js';
import { dropSecret, listCallbacks, listFailingEndpoints, pauseCallbacks, renewSecret, replayCallbacks, setFormat, showDelivery, type CallbackFilter } from './callbacks.commands.js';

type Json = { json?: boolean };
type Ask = (options: Json, work: (api: OperatorApi) => Promise<Report>) => Promise<void>;
type AddCommand = (nameAndArguments: string, description: string) => Command;

const filtered = (command: Command): Command =>
  command
    .option('--account <account>')
    .option('--login <login>', 'an API user of the account')
    .option('--from <time>', 'of the change that it tells of, as 2026-11-01T00:00:00Z', instant)
    .option('--to <time>', 'as well', instant);

export const addCallbackCommands = (command: AddCommand, ask: Ask): void => {
  filtered(command('list', 'the newest by filter, and how many there are by state'))
    .addOption(new Option('--state <state>').choices(['waiting', 'delivered', 'superseded', 'dead']))
    .action((options: Json & CallbackFilter) => ask(options, (api) => listCallbacks(api, options)));
  command('failing', 'endpoints that take nothing, and how near they are to be switched off').action((options: Json) => ask(options, listFailingEndpoints));
  filtered(command('replay', 'send dead ones again, by filter'))
    .option('--dry-run', 'only count them')
    .action((options: Json & CallbackFilter & { dryRun?: boolean }) => ask(options, (api) => replayCallbacks(api, options, options.dryRun === true)));
  command('pause', 'all callbacks wait').action((options: Json) => ask(options, (api) => pauseCallbacks(api, true)));
  command('resume', 'they go on, after a pause or a restore').action((options: Json) => ask(options, (api) => pauseCallbacks(api, false)));
  command('show <account> [login]', 'how they are sent, and whether they are signed').action((account: string, login: string | undefined, options: Json) =>
    ask(options, (api) => showDelivery(api, account, login)),
  );
  command('format <account> [login]', 'GET as OVHcloud sends it, or POST with JSON')
    .addOption(new Option('--as <format>').choices(['get', 'json']).makeOptionMandatory())
    .action((account: string, login: string | undefined, options: Json & { as: string }) => ask(options, (api) => setFormat(api, account, login, options.as)));
  command('secret <account> [login]', 'a new secret that signs them, shown once; the one before signs for another day')
    .option('--off', 'no signature any more')
    .action((account: string, login: string | undefined, options: Json & { off?: boolean }) =>
      ask(options, (api) => (options.off === true ? dropSecret(api, account, login) : renewSecret(api, account, login))),
    );
};
