import { Option, type Command } from 'commander';
import { levelOrOff } from '../arguments.js';
import type { OperatorApi } from '../operator-api.client.js';
import type { Report } from '../report.js';
import { setAlert, showAlert, testAlert, type AlertChange } from './alerts.commands.js';

type Json = { json?: boolean };
type Ask = (options: Json, work: (api: OperatorApi) => Promise<Report>) => Promise<void>;
type AddCommand = (nameAndArguments: string, description: string) => Command;

export const addAlertCommands = (command: AddCommand, ask: Ask): void => {
  command('show <account>', "the alert on an account's pool; those of its users: kwota user show").action((account: string, options: Json) =>
    ask(options, (api) => showAlert(api, account)),
  );
  command('set <account>', "change the alert on an account's pool; what is left out stays")
    .option('--threshold <credits|off>', 'an alert when as much or less is left in the pool', levelOrOff)
    .option('--alert-email <address>', 'also told of callback URLs that fail')
    .option('--alert-number <number>')
    .addOption(new Option('--support <means>', 'how an alert goes out').choices(['both', 'mail', 'sms']))
    .action((account: string, { json = false, ...change }: Json & AlertChange) => ask({ json }, (api) => setAlert(api, account, change)));
  command('test <account> [login]', "send a marked alert by the media that are set; an SMS is paid from the account's pool").action(
    (account: string, login: string | undefined, options: Json) => ask(options, (api) => testAlert(api, account, login)),
  );
};
