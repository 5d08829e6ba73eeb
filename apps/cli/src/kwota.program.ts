import { readKafkaConfig, type KafkaConfig } from '@kwota/service-kit/common-config';
import { ConfigurationError } from '@kwota/service-kit/config';
import { Command, CommanderError, Option } from 'commander';
import { addresses, creditsOrOff, levelOrOff, perMinuteOrOff, positiveCredits, signedCredits, urlOrNone } from './arguments.js';
import type { AuditContext, OpenEvents } from './audit-source/audit-source.js';
import type { ShowProgress } from './audit-source/progress.js';
import { addAuditCommands, auditHelp } from './audit.program.js';
import { findInstallation, readCliConfig } from './cli.config.js';
import { copyCommand, type CopyOptions, type OpenStore } from './copy-events/copy.command.js';
import { createAccount, listAccounts, setAccount, showAccount, type AccountChange } from './manage-accounts/accounts.commands.js';
import { addCredits, adjustCredits, showCredits } from './manage-credits/credits.commands.js';
import { dropDeadLetter, listDeadLetters, replayDeadLetter } from './manage-dead-letters/dead-letters.commands.js';
import { applyTopics, showTopics, type TopicsOfLog } from './manage-topics/topics.commands.js';
import { backUpCommand, restoreCommand } from './back-up/back-up.commands.js';
import { addAlertCommands } from './manage-alerts/alerts.program.js';
import { addCallbackCommands } from './manage-callbacks/callbacks.program.js';
import { addCarrierCommands, carriersHelp } from './manage-carriers/carriers.program.js';
import { createUser, deleteUser, listUsers, setUser, showUser, type UserChange } from './manage-users/users.commands.js';
import { OperatorApi } from './operator-api.client.js';
import { addOwnerCommands } from './owners.program.js';
import { exitCodes, misused, type ExitCode, type Report } from './report.js';
import { NotWritten } from './write-answer.js';

/** Where a program stands: what tests replace. */
export type Surroundings = Readonly<{
  environment: NodeJS.ProcessEnv;
  openEvents: OpenEvents;
  openStore: OpenStore;
  openTopics: (kafka: KafkaConfig) => TopicsOfLog;
  readStdin: () => Promise<string>;
  writeOut: (text: string) => void;
  writeError: (text: string) => void;
  /** Where somebody looks on: standard error is a terminal. */
  showProgress?: ShowProgress | undefined;
}>;

const help = `
It talks to KWOTA_URL with KWOTA_OPERATOR_TOKEN, else to what <KWOTA_DATA_DIR or ./data>/first-start.json names.
topics speaks to KWOTA_KAFKA_BROKERS. audit reads KWOTA_EVENT_STORE_URL (sqlite:, postgres:// or kurrentdb://), else <KWOTA_DATA_DIR or ./data>/ledger/events.db, and never writes there.
Exit codes: 0 ok, 1 refused or mismatch, 2 usage, 3 unreachable.`;

/** Runs one command line (without node and script) and tells its exit code. */
export const runKwota = async (argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> => {
  let exitCode: ExitCode = exitCodes.ok;
  const told = (report: Report, asJson: boolean): ExitCode => {
    if (asJson) surroundings.writeOut(`${JSON.stringify(report.json)}\n`);
    else (report.exitCode === exitCodes.ok ? surroundings.writeOut : surroundings.writeError)(`${report.text}\n`);
    return report.exitCode;
  };
  const program = programOf(surroundings, (report, asJson) => {
    exitCode = told(report, asJson);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof NotWritten || error instanceof ConfigurationError) return told(misused(error.message), argv.includes('--json'));
    // Commander has said already what was wrong; --help and --version are no mistake.
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.ok;
    // A group without its command has no message of its own but its help.
    if (argv.includes('--json')) surroundings.writeOut(`${JSON.stringify(misused(error.message.replace(/^error: /, '')).json)}\n`);
    return exitCodes.usage;
  }
};

type Print = (report: Report, asJson: boolean) => void;
type Json = { json?: boolean };

const programOf = ({ environment, openEvents, openStore, openTopics, readStdin, writeOut, writeError, showProgress }: Surroundings, print: Print): Command => {
  const program = new Command('kwota').description("Kwota's operator's and auditor's commands").addHelpText('after', help);
  // Before the subcommands: they inherit both.
  program.exitOverride().configureOutput({ writeOut, writeErr: writeError });

  const group = (name: string, description: string): Command => program.command(name).description(description);
  const command = (parent: Command, nameAndArguments: string, description: string): Command =>
    parent.command(nameAndArguments).description(description).option('--json', 'for a program rather than a reader');
  const ask = async ({ json = false }: Json, work: (api: OperatorApi) => Promise<Report>): Promise<void> => {
    const installation = findInstallation(readCliConfig(environment));
    print(installation.found ? await work(new OperatorApi(installation.url, installation.operatorToken)) : misused(installation.reason), json);
  };
  /** A secret given as an option, or on standard input. An empty one would be taken for one that is left out. */
  const passwordOf = async (given: string | undefined): Promise<string | undefined> => {
    const password = given === '-' ? (await readStdin()).replace(/\r?\n$/, '') : given;
    if (password === '') program.error(given === '-' ? 'error: standard input is empty' : 'error: an empty text is neither a password nor a URL', { exitCode: exitCodes.usage });
    return password;
  };
  const password = () => new Option('--password <password>', 'exactly 8 letters, digits or _; - reads it from standard input, out of sight of ps');

  const account = group('account', 'SMS accounts');
  command(account, 'create [account]', 'create an account, or name the next one')
    .option('--description <text>')
    .option('--owner <owner>', 'whose keys are to open it')
    .action((name: string | undefined, options: Json & { description?: string; owner?: string }) => ask(options, (api) => createAccount(api, name, options.description, options.owner)));
  command(account, 'set <account>', 'change an account; what is left out stays')
    .option('--description <text>')
    .option('--callback <url|none>', 'where delivery reports go of users without a URL of their own', urlOrNone)
    .option('--stop-callback <url|none>', 'where STOP messages go', urlOrNone)
    .option('--recredit-at <credits|off>', 'an event when as much or less is left in the pool', creditsOrOff)
    .action((name: string, { json = false, ...change }: Json & AccountChange) => ask({ json }, (api) => setAccount(api, name, change)));
  command(account, 'list', 'names of all accounts').action((options: Json) => ask(options, listAccounts));
  command(account, 'show <account>', 'an account with its credit').action((name: string, options: Json) => ask(options, (api) => showAccount(api, name)));

  const user = group('user', 'API users of an account');
  command(user, 'create <account> <login>', 'create an API user; without a password one is made up and shown')
    .addOption(password())
    .action(async (name: string, login: string, options: Json & { password?: string }) => {
      const given = await passwordOf(options.password);
      await ask(options, (api) => createUser(api, name, login, given));
    });
  command(user, 'list <account>', 'all API users with quota, threshold, addresses and callback').action((name: string, options: Json) => ask(options, (api) => listUsers(api, name)));
  command(user, 'show <account> <login>', 'an API user').action((name: string, login: string, options: Json) => ask(options, (api) => showUser(api, name, login)));
  command(user, 'set <account> <login>', 'change an API user; what is left out stays')
    .addOption(password())
    .option('--quota <credits|off>', 'what the user has left to spend', creditsOrOff)
    .option('--threshold <credits|off>', 'an alert when as much or less is left', levelOrOff)
    .option('--alert-email <address>')
    .option('--alert-number <number>')
    .addOption(new Option('--support <means>', 'how an alert goes out').choices(['both', 'mail', 'sms']))
    .option('--ip <addresses|none>', 'at most five, by commas', addresses)
    .option('--callback <url|none>', 'where delivery reports go', urlOrNone)
    .option('--stop-callback <url|none>', 'where STOP messages go', urlOrNone)
    .option('--per-minute <messages|off>', 'how many messages the user may send in a minute', perMinuteOrOff)
    .option('--dry-run', 'change nothing: say what would be left, or why it would be refused')
    .action(async (name: string, login: string, { json = false, dryRun = false, ...change }: Json & UserChange & { dryRun?: boolean }) => {
      const given = await passwordOf(change.password);
      await ask({ json }, (api) => setUser(api, name, login, given === undefined ? change : { ...change, password: given }, dryRun));
    });
  command(user, 'delete <account> <login>', 'delete an API user; what is left of its quota returns to the account').action((name: string, login: string, options: Json) =>
    ask(options, (api) => deleteUser(api, name, login)),
  );

  const creditsGroup = group('credits', "an account's credit");
  command(creditsGroup, 'add <account>', 'put credits into the pool')
    .argument('<credits>', 'at most three decimals', positiveCredits)
    .requiredOption('--reference <text>', 'makes it happen once: an invoice number, an order')
    .action((name: string, amount: number, options: Json & { reference: string }) => ask(options, (api) => addCredits(api, name, amount, options.reference)));
  command(creditsGroup, 'adjust <account>', 'correct the pool up or down')
    .argument('<credits>', 'below zero takes away: put -- before it', signedCredits)
    .requiredOption('--reference <text>', 'makes it happen once')
    .requiredOption('--reason <code>', 'why, in lower-case words with hyphens')
    .action((name: string, amount: number, options: Json & { reference: string; reason: string }) =>
      ask(options, (api) => adjustCredits(api, name, amount, options.reference, options.reason)),
    );
  command(creditsGroup, 'show <account>', 'what is left, and what is in quotas').action((name: string, options: Json) => ask(options, (api) => showCredits(api, name)));

  const carriers = group('carriers', 'the SMSCs that messages go out through').addHelpText('after', carriersHelp);
  addCarrierCommands((nameAndArguments, description) => command(carriers, nameAndArguments, description), ask, async (given) => (await passwordOf(given)) ?? given);

  const alerts = group('alerts', 'who is told when credit runs low, and whether it arrives');
  addAlertCommands((nameAndArguments, description) => command(alerts, nameAndArguments, description), ask);

  const callbacks = group('callbacks', 'delivery reports to customers');
  addCallbackCommands((nameAndArguments, description) => command(callbacks, nameAndArguments, description), ask);
  addOwnerCommands({ root: program, group, command, ask, passwordOf, environment });

  const deadLetters = group('dead-letters', 'messages that no service could handle');
  command(deadLetters, 'list', 'where each came from, and why it died').action((options: Json) => ask(options, listDeadLetters));
  command(deadLetters, 'replay <id>', 'put it on its topic again').action((id: string, options: Json) => ask(options, (api) => replayDeadLetter(api, id)));
  command(deadLetters, 'drop <id>', 'give it up').action((id: string, options: Json) => ask(options, (api) => dropDeadLetter(api, id)));

  command(program, 'backup', 'a copy of KWOTA_DATA_DIR at one moment, while it is in use')
    .requiredOption('--out <folder>', 'empty or new')
    .action(async ({ json = false, out }: Json & { out: string }) => print(await backUpCommand(readCliConfig(environment).dataDir, out), json));
  command(program, 'restore', 'a new KWOTA_DATA_DIR from a backup; messages and callbacks wait until: kwota carriers resume')
    .requiredOption('--from <folder>', 'what backup made')
    .action(async ({ json = false, from }: Json & { from: string }) => print(await restoreCommand(readCliConfig(environment).dataDir, from), json));

  const topics = group('topics', "Kafka's topics: partitions and retention");
  const askLog = async ({ json = false }: Json, work: (topics: TopicsOfLog) => Promise<Report>): Promise<void> => {
    const kafka = readKafkaConfig(environment);
    print(kafka.brokers.length === 0 ? misused('KWOTA_KAFKA_BROKERS: is required, as host:port, by commas') : await work(openTopics(kafka)), json);
  };
  command(topics, 'show', 'what there must be, and what is otherwise').action((options: Json) => askLog(options, showTopics));
  command(topics, 'apply', 'create what is missing, set retention where it differs').action((options: Json) => askLog(options, applyTopics));

  const events = group('events', "the ledger's events, moved from store to store");
  command(events, 'copy', 'all events with their places and hashes, each checked on the way; goes on where it ended before')
    .requiredOption('--from <location>', 'a store: sqlite:FILE, postgres://, kurrentdb://')
    .requiredOption('--to <location>', 'a store that is empty, or has the first of these events')
    .action(async ({ json = false, ...options }: Json & CopyOptions) =>
      print(await copyCommand({ config: readCliConfig(environment), openEvents, showProgress }, openStore, options), json),
    );

  const audit = group('audit', "the ledger's events, read without Kwota's help").addHelpText('after', auditHelp);
  addAuditCommands(
    (nameAndArguments, description) => command(audit, nameAndArguments, description),
    async (asJson = false, work: (context: AuditContext) => Promise<Report>) => print(await work({ config: readCliConfig(environment), openEvents, showProgress }), asJson),
  );
  return program;
};
