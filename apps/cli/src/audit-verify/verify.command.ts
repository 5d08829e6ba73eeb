import { base64Of } from '@kwota/audit-log/checkpoint';
import type { VerifierKey } from '@kwota/audit-log/note-keys';
import { verifyHistory, type History } from '@kwota/audit-log/verify-history';
import { onSource, type AuditContext, type AuditSource } from '../audit-source/audit-source.js';
import { checkpointsOf, signatureOf, type KnownCheckpoint } from '../audit-source/known-checkpoints.js';
import { verifierKeysOf } from '../audit-source/known-keys.js';
import { compareOrNot, type Comparison } from '../replay-ledger/compare-balances.js';
import { comparisonText } from '../replay-ledger/replay.command.js';
import { exitCodes, misused, type Report } from '../report.js';
import { findingsTable, type Finding } from './findings.js';

/** A store that somebody was at may have a finding for each event. */
const findingsShownMax = 100;

export type VerifyOptions = Readonly<{ export?: string; checkpoint?: readonly string[]; key?: readonly string[]; compare: boolean }>;

type CheckedCheckpoint = Readonly<{
  from: string;
  origin: string;
  size: number;
  matches: boolean;
  signature: ReturnType<typeof signatureOf>['verdict'];
  signedBy: readonly string[];
}>;

/** Chain, tree, signatures, sums, links of charges and refunds, and what a running system reports: everything, in one pass. */
export const verifyCommand = (context: AuditContext, options: VerifyOptions): Promise<Report> =>
  onSource(context, options.export, async (source) => {
    const keys = verifierKeysOf(context.config, options.key);
    if (!keys.ok) return misused(keys.message);
    const known = checkpointsOf(context.config, options.checkpoint ?? [], source.isExport);
    if (!known.ok) return misused(known.message);
    const verify = async () => {
      const history = await verifyHistory(
        source.readAll(),
        known.checkpoints.map(({ checkpoint }) => checkpoint),
      );
      return { ...history, ok: history.findings.length === 0 };
    };
    const compared = await compareOrNot(context.config, source, verify, options.compare ? undefined : 'not asked for');
    return 'exitCode' in compared ? compared : reportOf(source, compared.result, known.checkpoints, keys.keys, compared.comparison);
  });

const reportOf = (source: AuditSource, history: History, known: readonly KnownCheckpoint[], keys: readonly VerifierKey[], comparison: Comparison): Report => {
  const unmatched = new Set(history.findings.flatMap(({ reason, upTo }) => (reason === 'rewritten' || reason === 'tail-dropped' ? [upTo] : [])));
  const checkpoints = known.map(({ from, checkpoint }): CheckedCheckpoint => {
    const { verdict, by } = signatureOf(checkpoint, keys);
    return { from, origin: checkpoint.origin, size: checkpoint.size, matches: !unmatched.has(checkpoint.size), signature: verdict, signedBy: by };
  });
  const findings = [...history.findings, ...checkpoints.flatMap(signatureFinding), ...balanceFindings(comparison)];
  const ok = findings.length === 0;
  const { events, size, root, heads, accounts } = history;
  return {
    exitCode: ok ? exitCodes.ok : exitCodes.refused,
    json: {
      ok,
      source: source.shown,
      events,
      size,
      root: base64Of(root),
      heads: heads.map(({ stream, revision, hash }) => ({ stream, revision, hash: Buffer.from(hash).toString('hex') })),
      accounts,
      checkpoints,
      findings,
      comparison,
    },
    text: [
      ...(ok
        ? []
        : [
            findingsTable(findings.slice(0, findingsShownMax)),
            ...(findings.length > findingsShownMax ? [`and ${findings.length - findingsShownMax} more (--json has all)`] : []),
            '',
          ]),
      `${events} events of ${heads.length} ${heads.length === 1 ? 'account' : 'accounts'} in ${source.shown}${ok ? ': every hash, sum, charge and refund is right' : ''}`,
      `tree of ${size} events, root ${base64Of(root)}`,
      checkpointsText(checkpoints, keys),
      comparisonText(comparison),
    ].join('\n'),
  };
};

const signatureFinding = ({ signature, size }: CheckedCheckpoint): readonly Finding[] =>
  signature === 'forged' || signature === 'not-signed' ? [{ reason: signature, stream: null, revision: null, position: null, upTo: size }] : [];

const balanceFindings = (comparison: Comparison): readonly Finding[] =>
  comparison.outcome === 'mismatch'
    ? [...new Set(comparison.mismatches.map(({ account }) => account))].map((account) => ({
        reason: 'balance-differs',
        stream: `credit-${account}`,
        revision: null,
        position: null,
      }))
    : [];

/** The sealer signs one a minute: what is right is told in one line, by the newest. */
const checkpointsText = (checkpoints: readonly CheckedCheckpoint[], keys: readonly VerifierKey[]): string => {
  const right = checkpoints.filter(({ matches, signature }) => matches && (signature === 'signed' || signature === 'not-checked'));
  const newest = right.at(-1);
  if (!newest)
    return checkpoints.length === 0
      ? 'no checkpoint to hold it against: a missing end, or a history written anew as a whole, would not show'
      : 'no checkpoint matches';
  const signed = keys.length === 0 ? 'signature not checked: no verifier key was given (--key)' : `signed by ${newest.signedBy.join(', ')}`;
  return `${right.length} of ${checkpoints.length} checkpoints match, the newest of ${newest.size} events by ${newest.origin}; ${signed}`;
};
