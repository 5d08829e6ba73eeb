// The commands about those who manage, beside those about accounts and users.
import { Option, type Command } from 'commander';
import { hours, instant, listed, rights } from './arguments.js';
import { importOvhCommand, type ImportOvhOptions } from './import-ovh/import-ovh.command.js';
import * as owners from './manage-owners/owners.commands.js';
import * as senders from './manage-senders/senders.commands.js';
import type { OperatorApi } from './operator-api.client.js';
import type { Report } from './report.js';
import { showChanges } from './show-changes/changes.commands.js';
import { showUsage, type UsageOptions } from './show-usage/usage.commands.js';

type Json = { json?: boolean };
type Program = Readonly<{
  root: Command;
  group: (name: string, description: string) => Command;
  command: (parent: Command, nameAndArguments: string, description: string) => Command;
  ask: (options: Json, work: (api: OperatorApi) => Promise<Report>) => Promise<void>;
  passwordOf: (given: string | undefined) => Promise<string | undefined>;
  environment: NodeJS.ProcessEnv;
}>;

const allRights = ['GET', 'POST', 'PUT', 'DELETE'].map((method) => ({ method, path: '/*' }));

export const addOwnerCommands = (program: Program): void => {
  addOwners(program);
  addKeys(program);
  addSenders(program);
  const { root, group, command, ask, environment } = program;
  command(root, 'usage <account>', 'what each user sent in a period, the last thirty days where none is given')
    .option('--from <time>', 'an instant, as 2026-11-01T00:00:00Z', instant)
    .option('--to <time>', 'an instant', instant)
    .addOption(new Option('--csv', 'for a spreadsheet, with semicolons').conflicts('json'))
    .action((account: string, options: Json & UsageOptions) => ask(options, (api) => showUsage(api, account, options)));
  command(root, 'changes', 'who changed what, the newest last')
    .option('--account <account>', 'of one account')
    .action((options: Json & { account?: string }) => ask(options, (api) => showChanges(api, options.account)));
  command(group('import', 'moving in'), 'ovh <account>', 'users, quotas, thresholds, addresses, callbacks, templates and senders of an SMS account at OVH')
    .option('--endpoint <name|url>', 'ovh-eu, ovh-ca, ovh-us or any v6 API; else OVH_ENDPOINT, else ovh-eu')
    .option('--to <account>', 'under another name here')
    .option('--with-credits', 'put as many credits into the account as it has at OVH, once')
    .addHelpText('after', '\nKeys: OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET, OVH_CONSUMER_KEY, with the right GET /sms/*. Passwords cannot be read there: users get new ones, shown once.')
    .action((account: string, options: Json & ImportOvhOptions) => ask(options, (api) => importOvhCommand(api, environment, account, options)));
};

const addOwners = ({ group, command, ask, passwordOf }: Program): void => {
  const owner = group('owner', 'owners, who have accounts and keys');
  const fields = (one: Command): Command =>
    one
      .option('--email <address>')
      .option('--firstname <name>')
      .option('--name <name>')
      .option('--account <account>', 'one of his accounts; may be given again', listed)
      .option('--password <password>', 'at least 12 characters, for the page on which keys are validated; - reads it from standard input');
  type Options = Json & { email?: string; firstname?: string; name?: string; account?: readonly string[]; password?: string };
  const changeOf = async ({ email, firstname, name, account, password }: Options): Promise<owners.OwnerChange> => {
    const given = await passwordOf(password);
    return Object.fromEntries(Object.entries({ email, firstname, name, accounts: account, password: given }).filter(([, value]) => value !== undefined));
  };
  command(owner, 'list', 'all owners').action((options: Json) => ask(options, owners.listOwners));
  fields(command(owner, 'create <owner>', 'create an owner')).action(async (name: string, options: Options) => {
    const change = await changeOf(options);
    await ask(options, (api) => owners.createOwner(api, name, change));
  });
  fields(command(owner, 'set <owner>', 'change an owner; what is left out stays')).action(async (name: string, options: Options) => {
    const change = await changeOf(options);
    await ask(options, (api) => owners.setOwner(api, name, change));
  });
  command(owner, 'delete <owner>', 'delete an owner with all his keys').action((name: string, options: Json) => ask(options, (api) => owners.deleteOwner(api, name)));

  const operator = group('operator', 'who may use the operator API');
  command(operator, 'list', 'by name and role').action((options: Json) => ask(options, owners.listOperators));
  command(operator, 'add <name>', 'a new operator, or a new token for one')
    .addOption(new Option('--role <role>', 'an auditor only reads').choices(['admin', 'auditor']).makeOptionMandatory())
    .action((name: string, options: Json & { role: string }) => ask(options, (api) => owners.saveOperator(api, name, options.role)));
  command(operator, 'delete <name>', 'take an operator away').action((name: string, options: Json) => ask(options, (api) => owners.deleteOperator(api, name)));
};

const addKeys = ({ group, command, ask }: Program): void => {
  const application = group('application', "owners' applications, which sign as with OVH");
  command(application, 'list <owner>', 'with their consumer keys').action((owner: string, options: Json) => ask(options, (api) => owners.listApplications(api, owner)));
  command(application, 'create <owner>', 'an application with a consumer key, shown once')
    .option('--name <name>')
    .option('--right <rule>', 'as "GET /sms/*"; may be given again; all rights where none is', rights)
    .action((owner: string, options: Json & { name?: string; right?: readonly owners.AccessRule[] }) =>
      ask(options, (api) => owners.createApplication(api, owner, options.name, options.right ?? allRights)),
    );
  command(application, 'rotate <owner> <key>', 'a new secret; the one before is good for a while')
    .option('--overlap <hours>', 'for so long, a day where none is given', hours)
    .action((owner: string, key: string, options: Json & { overlap?: number }) => ask(options, (api) => owners.rotateApplication(api, owner, key, options.overlap)));
  command(application, 'revoke <owner> <credential>', 'end a consumer key').action((owner: string, credential: string, options: Json) =>
    ask(options, (api) => owners.revokeCredential(api, owner, credential)),
  );
  command(application, 'delete <owner> <key>', 'with its consumer keys').action((owner: string, key: string, options: Json) => ask(options, (api) => owners.deleteApplication(api, owner, key)));

  const client = group('client', "owners' OAuth2 clients");
  command(client, 'list <owner>', 'without their secrets').action((owner: string, options: Json) => ask(options, (api) => owners.listClients(api, owner)));
  command(client, 'create <owner>', 'an OAuth2 client; its secret is shown once')
    .option('--name <name>')
    .action((owner: string, options: Json & { name?: string }) => ask(options, (api) => owners.createClient(api, owner, options.name)));
  command(client, 'rotate <owner> <id>', 'a new secret; the one before is good for a while')
    .option('--overlap <hours>', 'for so long, a day where none is given', hours)
    .action((owner: string, id: string, options: Json & { overlap?: number }) => ask(options, (api) => owners.rotateClient(api, owner, id, options.overlap)));
  command(client, 'delete <owner> <id>', 'with its tokens').action((owner: string, id: string, options: Json) => ask(options, (api) => owners.deleteClient(api, owner, id)));
};

const addSenders = ({ group, command, ask }: Program): void => {
  const sender = group('sender', 'what an account may send as');
  command(sender, 'list <account>', 'all senders with their state').action((account: string, options: Json) => ask(options, (api) => senders.listSenders(api, account)));
  command(sender, 'show <account> <sender>', 'why it was asked for, and the code that enables it').action((account: string, name: string, options: Json) =>
    ask(options, (api) => senders.showSender(api, account, name)),
  );
  command(sender, 'declare <account> <sender>', 'a sender that may be used at once')
    .option('--description <text>')
    .action((account: string, name: string, options: Json & { description?: string }) => ask(options, (api) => senders.declareSender(api, account, name, options.description)));
  command(sender, 'set <account> <sender>', 'enable, disable or refuse a sender; what is left out stays')
    .addOption(new Option('--status <state>').choices(['enable', 'disable', 'refused']))
    .option('--description <text>')
    .option('--comment <text>', 'the owner sees it')
    .action((account: string, name: string, { json = false, ...change }: Json & senders.SenderChange) => ask({ json }, (api) => senders.setSender(api, account, name, change)));
  command(sender, 'delete <account> <sender>', 'take a sender away').action((account: string, name: string, options: Json) => ask(options, (api) => senders.deleteSender(api, account, name)));
};
