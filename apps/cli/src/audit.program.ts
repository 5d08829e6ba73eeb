// `kwota audit …`: the command lines alone; each command lies in a folder of its own.
import { Option, type Command } from 'commander';
import { atLeastZero, listed, untilOf } from './arguments.js';
import { checkpointCommand, type CheckpointOptions } from './audit-checkpoint/checkpoint.command.js';
import { diffCommand } from './audit-diff/diff.command.js';
import { explainCommand, type ExplainOptions } from './audit-explain/explain.command.js';
import { exportCommand, exportFormats, type ExportOptions } from './audit-export/export.command.js';
import { keygenCommand, type KeygenOptions } from './audit-keygen/keygen.command.js';
import { verifierKeysCommand } from './audit-keygen/verifier-keys.command.js';
import { checkProofCommand, type CheckProofOptions } from './audit-prove/check-proof.command.js';
import { proveCommand, type ProveOptions } from './audit-prove/prove.command.js';
import type { AuditContext } from './audit-source/audit-source.js';
import { verifyCommand, type VerifyOptions } from './audit-verify/verify.command.js';
import { whatIfCommand, type WhatIfOptions } from './audit-what-if/what-if.command.js';
import { witnessCommand, type WitnessOptions } from './audit-witness/witness.command.js';
import { replayCommand, type ReplayOptions } from './replay-ledger/replay.command.js';
import type { Report } from './report.js';

type Json = { json?: boolean };
type Describe = (nameAndArguments: string, description: string) => Command;
type Run = (asJson: boolean | undefined, work: (context: AuditContext) => Promise<Report>) => Promise<void>;

const exportFile = (): Option => new Option('--export <file>', 'read an export alone instead of the store: no network, no access to Kwota');
const keys = (): Option =>
  new Option('--key <key>', 'a verifier key whose signature counts, or a file of them; may be given again (KWOTA_AUDIT_VERIFIER_KEYS)').argParser(listed);

/** The way of an auditor, from what the operator hands over to what can be handed on. */
export const auditHelp = `
With an export, a checkpoint and the log's verifier key, and nothing else (docs/audit-format.md):
  kwota audit verify --export export.jsonl --checkpoint checkpoint.txt --key KEY
  kwota audit explain 65537 --export export.jsonl --checkpoint checkpoint.txt
  kwota audit prove 65537 --export export.jsonl --checkpoint checkpoint.txt --out proof.json
  kwota audit check-proof proof.json --key KEY
The operator makes them: kwota audit keygen (once), export --out export.jsonl, checkpoint --out checkpoint.txt.`;

export const addAuditCommands = (command: Describe, run: Run): void => {
  command('verify', 'chain, tree, signatures, sums, charges and refunds, and what the running system reports: finds and names what was done')
    .addOption(exportFile())
    .option('--checkpoint <file>', 'hold the events against it; may be given again. Without: all that the sealer signed', listed)
    .addOption(keys())
    .option('--no-compare', 'leave the running system alone')
    .action((options: Json & VerifyOptions) => run(options.json, (context) => verifyCommand(context, options)));

  command('replay', 'add the events up to balances, check every hash, compare with the running system')
    .addOption(exportFile())
    .option('--until <instant|position>', 'as it was then', untilOf)
    .option('--no-compare', 'leave the running system alone')
    .action((options: Json & ReplayOptions) => run(options.json, (context) => replayCommand(context, options)));

  command('explain', "a message's money from its hold to its end, with the place and the proof of each event")
    .argument('<message id>', 'as the sender got it', atLeastZero)
    .addOption(exportFile())
    .option('--checkpoint <file>', "prove against it; without: the sealer's last")
    .option('--no-service', 'leave the running system alone: no receipts, no callbacks')
    .action((messageId: number, options: Json & ExplainOptions) => run(options.json, (context) => explainCommand(context, messageId, options)));

  command('prove', 'that events lie in what a checkpoint was signed for')
    .argument('[message id]', 'all events about a message', atLeastZero)
    .option('--account <account>', 'with --revision: one event')
    .option('--revision <number>', 'in the stream of --account', atLeastZero)
    .option('--position <number>', 'one event by its place among all', atLeastZero)
    .addOption(exportFile())
    .option('--checkpoint <file>', "prove against it; without: the sealer's last")
    .option('--since <file>', 'prove as well that it goes on from this older checkpoint')
    .option('--out <file>', 'write the proof there')
    .action((messageId: number | undefined, options: Json & ProveOptions) => run(options.json, (context) => proveCommand(context, messageId, options)));

  command('check-proof <file>', 'with the proof and a verifier key alone: no store, no network')
    .addOption(keys())
    .option('--since <file>', 'and that it goes on from this checkpoint, which you kept')
    .action((file: string, options: Json & CheckProofOptions) => run(options.json, (context) => checkProofCommand(context, file, options)));

  command('diff <first> <second>', 'two histories (exports, event files, postgres:// URLs): which goes on, where they part').action(
    (first: string, second: string, options: Json) => run(options.json, (context) => diffCommand(context, first, second)),
  );

  command('export', 'all events into a file; jsonl carries every byte and hash, the others double entry with balances')
    .addOption(new Option('--format <format>').choices(exportFormats).default('jsonl'))
    .requiredOption('--out <file>')
    .addOption(exportFile())
    .action((options: Json & ExportOptions) => run(options.json, (context) => exportCommand(context, options)));

  command('what-if', 'what messages would have cost under other rates or another billing policy, by account')
    .option('--rates <file>', 'as KWOTA_RATES_FILE')
    .option('--billing <file>', '{"notBilledDlrs": [16], "notBilled": [{"dlr": 2, "ptt": 5}]}')
    .option('--finals <file>', 'lines of kwota.delivery.v1: what parts ended with, which the ledger does not hold')
    .addOption(exportFile())
    .action((options: Json & WhatIfOptions) => run(options.json, (context) => whatIfCommand(context, options)));

  command('checkpoint', 'what the sealer signed: the last checkpoint, one of a size, all; or a request to a witness')
    .option('--list', 'all of them')
    .option('--size <events>', 'the one of this size', atLeastZero)
    .option('--checkpoint <file>', 'this one, where there is no sealer')
    .option('--for-witness <0|file>', 'with the proof that it goes on from the checkpoint in the file, which the witness saw last')
    .addOption(exportFile())
    .option('--out <file>', 'write it there')
    .action((options: Json & CheckpointOptions) => run(options.json, (context) => checkpointCommand(context, options)));

  command('witness <request>', 'cosign a checkpoint, only if it goes on from what this witness saw before (KWOTA_AUDIT_WITNESS_KEY)')
    .requiredOption('--state <file>', 'what it saw; created by the first')
    .addOption(keys())
    .option('--out <file>', 'write the cosigned checkpoint there')
    .action((file: string, options: Json & WitnessOptions) => run(options.json, (context) => witnessCommand(context, file, options, Date.now())));

  command('keygen', 'a new key to sign checkpoints with, or for a witness')
    .requiredOption('--name <name>', "the log's or the witness's: sms.example.org/ledger")
    .option('--witness', 'for a witness')
    .requiredOption('--out <file>', 'the secret key, readable by its owner alone')
    .action((options: Json & KeygenOptions) => run(options.json, () => keygenCommand(options)));

  command('verifier-keys', 'what anybody may know of the secret keys that are configured here (KWOTA_AUDIT_KEY, KWOTA_AUDIT_WITNESS_KEY)').action(
    (options: Json) => run(options.json, verifierKeysCommand),
  );
};
