// What is known of a message, from what is known of its parts. Pure: no clock, no store (DESIGN §3.5).
import type { PartReceipt } from '@kwota/contracts/receipts.v1';
import { expiredOutcome, isFinalDlr, silentOutcome, withdrawnOutcome, type DlrId } from '@kwota/delivery-codes';

/**
 * How a part's state came about: `open` more may come · `told` somebody said how it ended · `silence` nobody did within the validity ·
 * `never-submitted` its validity ended before the SMSC took it. A real receipt replaces the last two.
 */
export type PartEnd = 'open' | 'told' | 'silence' | 'never-submitted';
export type PartState = Readonly<{ ptt: number; dlr: DlrId; end: PartEnd; atMs: number }>;

export type MessageState = Readonly<{
  parts: readonly PartState[];
  ptt: number;
  dlr: DlrId;
  final: boolean;
  /** The final, or a part of it, is made for want of a receipt. */
  silent: boolean;
  /** The SMSC took at least one part. */
  submitted: boolean;
  /** Of the last change that was announced; 0 before the first. */
  sequence: number;
  submittedAtMs: number | null;
  deliveredAtMs: number | null;
}>;

/** `announced`: the message's own state moved, so delivery event and callback are due; else only a part's did. */
export type StateChange = Readonly<{ state: MessageState; announced: boolean }>;

const untouchedPart: PartState = { ptt: 0, dlr: 0, end: 'open', atMs: 0 };

/** DLR 0, creating or pending: nothing to announce. */
export const newMessageState = (parts: number): MessageState => ({
  parts: Array.from({ length: parts }, () => untouchedPart),
  ptt: 0,
  dlr: 0,
  final: false,
  silent: false,
  submitted: false,
  sequence: 0,
  submittedAtMs: null,
  deliveredAtMs: null,
});

/** Undefined: it says nothing new. A part never goes back, and nothing follows a final but one real receipt after a silent one. */
export const applyReceipt = (state: MessageState, receipt: PartReceipt): StateChange | undefined => {
  const known = state.parts[receipt.part - 1];
  if (!known || (state.final && !state.silent)) return undefined;
  if (!isNews(known, receipt) || (state.final && !isRealFinal(receipt))) return undefined;
  const isTaken = receipt.stage === 'submitted' || receipt.stage === 'receipt';
  const part: PartState = { ptt: receipt.ptt, dlr: receipt.dlr, end: endOf(receipt), atMs: receipt.atMs };
  const parts = state.parts.with(receipt.part - 1, part);
  const touched = {
    ...state,
    parts,
    submitted: state.submitted || isTaken,
    submittedAtMs: state.submittedAtMs ?? (isTaken ? receipt.atMs : null),
  };
  return state.final ? corrected(touched, receipt.atMs) : combined(touched, receipt.atMs);
};

/** Whoever sent it was told that it failed: what has not ended ends as not billed. */
export const withdraw = (state: MessageState, atMs: number): StateChange | undefined => {
  const { ptt, dlr } = withdrawnOutcome;
  return endOpenParts(state, () => ({ ptt, dlr, end: 'told', atMs }), atMs);
};

/** The validity is over and nothing more was said. */
export const endForSilence = (state: MessageState, atMs: number): StateChange | undefined =>
  endOpenParts(
    state,
    ({ dlr }) => {
      const wasSubmitted = dlr !== 0;
      const outcome = wasSubmitted ? silentOutcome : expiredOutcome;
      return { ptt: outcome.ptt, dlr: outcome.dlr, end: wasSubmitted ? 'silence' : 'never-submitted', atMs };
    },
    atMs,
  );

/**
 * Each part as the ledger bills it. A part that never left is not billed (OVH.md 9); where the whole message never left, `silent` without
 * `submitted` says so.
 */
export const billedParts = ({ parts, submitted }: MessageState): { ptt: number; dlr: DlrId }[] =>
  parts.map(({ ptt, dlr, end }) => ({ ptt, dlr: submitted && end === 'never-submitted' ? 16 : dlr }));

const isRealFinal = ({ stage, final }: PartReceipt): boolean => final && stage !== 'expired';

const endOf = ({ stage, final }: PartReceipt): PartEnd => {
  if (!final) return 'open';
  return stage === 'expired' ? 'never-submitted' : 'told';
};

const isNews = (known: PartState, receipt: PartReceipt): boolean => {
  if (known.end === 'told') return false;
  if (known.end !== 'open') return isRealFinal(receipt);
  if (receipt.final) return true;
  // The answer to submit_sm may be read after the first receipt; an older intermediate one after a newer.
  if (progressOf(receipt.dlr) < progressOf(known.dlr)) return false;
  if (known.dlr !== 0 && (receipt.stage === 'submitted' || receipt.atMs < known.atMs)) return false;
  return receipt.ptt !== known.ptt || receipt.dlr !== known.dlr;
};

/** DLR 0 pending, 4 queued, 8 with the operator, then the finals. */
const progressOf = (dlr: DlrId): number => {
  if (isFinalDlr(dlr)) return 3;
  return { 0: 0, 4: 1, 8: 2 }[dlr as 0 | 4 | 8];
};

const endOpenParts = (state: MessageState, end: (part: PartState) => PartState, atMs: number): StateChange | undefined => {
  if (state.final) return undefined;
  return combined({ ...state, parts: state.parts.map((part) => (part.end === 'open' ? end(part) : part)) }, atMs);
};

/**
 * Open while a part is, with the state of the part that is least far. Then failed when a part failed, else delivered. It waits for all parts,
 * since the ledger bills the final by part.
 */
const combined = (state: MessageState, atMs: number): StateChange => {
  const { parts } = state;
  const final = parts.every(({ end }) => end !== 'open');
  const { ptt, dlr } = final ? decisivePart(parts) : leastFarPart(parts);
  const silent = parts.some(({ end }) => end === 'silence' || end === 'never-submitted') && final;
  const announced = ptt !== state.ptt || dlr !== state.dlr || final !== state.final;
  return { announced, state: moved({ ...state, ptt, dlr, final, silent }, announced, atMs) };
};

/** A silent final gives way once: when the real state is whole, or when it cannot be but failed. */
const corrected = (state: MessageState, atMs: number): StateChange => {
  const told = state.parts.filter(({ end }) => end === 'told');
  const announced = told.length === state.parts.length || told.some(({ dlr }) => dlr !== 1);
  if (!announced) return { announced, state };
  const { ptt, dlr } = decisivePart(told);
  return { announced, state: moved({ ...state, ptt, dlr, silent: false }, announced, atMs) };
};

const moved = (state: MessageState, announced: boolean, atMs: number): MessageState => ({
  ...state,
  sequence: state.sequence + (announced ? 1 : 0),
  deliveredAtMs: state.dlr === 1 ? (state.deliveredAtMs ?? atMs) : null,
});

/** A part that failed and is billed says more of the message than one that is not billed. */
const decisivePart = (parts: readonly PartState[]): PartState =>
  parts.find(({ dlr }) => dlr === 2) ?? parts.find(({ dlr }) => dlr === 16) ?? (parts[0] as PartState);

const leastFarPart = (parts: readonly PartState[]): PartState =>
  parts.reduce((least, part) => (progressOf(part.dlr) < progressOf(least.dlr) ? part : least));
