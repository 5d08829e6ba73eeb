// What a verification found, in words. Each reason is a name that programs may rely on (--json).
import type { HistoryFinding } from '@kwota/audit-log/verify-history';
import { table } from '../report.js';

/** Beside those of the history itself: what the running system or a checkpoint's signature says. */
export type Finding = Omit<HistoryFinding, 'reason'> & Readonly<{ reason: HistoryFinding['reason'] | 'balance-differs' | 'forged' | 'not-signed' }>;

const said: Record<Finding['reason'], (finding: Finding) => string> = {
  edited: () => 'its bytes, hash or type were changed, or the event just before was and its hash made new',
  dropped: ({ revision, upTo }) =>
    upTo === revision ? 'this event is missing; the next one lies there' : `this event and all up to revision ${upTo} are missing`,
  doubled: () => 'this revision is there again',
  swapped: ({ upTo }) => `it changed places with revision ${upTo}`,
  renumbered: ({ upTo }) => `events before it were dropped, and this one up to revision ${upTo} counted anew`,
  'wrong-place': () => 'its bytes say that it belongs to another stream or revision',
  'not-an-event': () => 'its bytes are in no form that this version knows',
  'time-back': () => 'it is older than the one before',
  'position-gap': ({ position, upTo }) =>
    upTo === position
      ? 'this position is missing from the order of all events'
      : `this position and all up to ${upTo} are missing from the order of all events`,
  'held-twice': () => 'its message was held before',
  'charge-without-hold': () => 'it takes or releases more than is held for its message',
  'refund-without-charge': () => 'it refunds more than its message was charged',
  'invariant-broken': () => 'with it the account does not add up any more',
  'unknown-event': () => 'this version does not know what it does',
  'transfer-without-origin': () => 'credit came in that no account sent',
  'tail-dropped': ({ upTo }) => `a checkpoint is of ${upTo} events: this one and all after it are missing`,
  rewritten: ({ upTo }) => `from here to position ${upTo} lie other events than a checkpoint was signed for`,
  'balance-differs': () => 'the running system reports another balance',
  forged: ({ upTo }) => `the signature of the checkpoint of ${upTo} events is not that of the key that it names`,
  'not-signed': ({ upTo }) => `the checkpoint of ${upTo} events is signed by no key that counts here`,
};

export const sentenceOf = (finding: Finding): string => said[finding.reason](finding);

export const findingsTable = (findings: readonly Finding[]): string =>
  table(
    ['found', 'stream', 'revision', 'position', 'what that means'],
    findings.map((finding) => [finding.reason, finding.stream ?? '-', String(finding.revision ?? '-'), String(finding.position ?? '-'), sentenceOf(finding)]),
  );
