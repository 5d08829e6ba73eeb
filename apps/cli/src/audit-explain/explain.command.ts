import type { EventEnvelope } from '@kwota/audit-log';
import { aboutMessage } from '@kwota/audit-log/events-of-message';
import { proveEvents, type AuditProof, type ProvenEvent } from '@kwota/audit-log/audit-proof';
import type { StoredEvent } from '@kwota/event-store';
import { z } from 'zod';
import { onSource, type AuditContext, type AuditSource } from '../audit-source/audit-source.js';
import { latestCheckpoint } from '../audit-source/known-checkpoints.js';
import { findInstallation } from '../cli.config.js';
import { OperatorApi, pathOf } from '../operator-api.client.js';
import { done, exactCredits, exitCodes, facts, table, type Report } from '../report.js';
import { moneyOf, type MessageMoney } from './explain-message.js';

export type ExplainOptions = Readonly<{ export?: string; checkpoint?: string; service: boolean }>;

/** What dlr knows of a message, as the operator API tells it (GET …/messages/{id}); further fields are shown in --json alone. */
const messageOfService = z.looseObject({
  message: z.looseObject({ ptt: z.int(), dlr: z.int(), final: z.boolean(), parts: z.int() }).nullable(),
  attempts: z.array(z.looseObject({ sequence: z.int(), attempt: z.int(), atMs: z.number(), status: z.int().nullable(), reason: z.string().nullable() })),
  callbacks: z.array(z.looseObject({ sequence: z.int(), ptt: z.int(), dlr: z.int(), state: z.string() })),
});
type OfService = Readonly<{ outcome: 'told'; told: z.infer<typeof messageOfService> }> | Readonly<{ outcome: 'not-available'; reason: string }>;

type Proofs = Readonly<{ outcome: 'proved'; size: number; origin: string; proof: AuditProof }> | Readonly<{ outcome: 'not-proved'; reason: string }>;

/** Joins a message's submission, hold or refusal, parts, receipts, callbacks and end, with the place and the proof of each event. */
export const explainCommand = (context: AuditContext, messageId: number, options: ExplainOptions): Promise<Report> =>
  onSource(context, options.export, async (source) => {
    const about: { event: StoredEvent; envelope: EventEnvelope }[] = [];
    const isAbout = (event: StoredEvent): boolean => {
      const envelope = aboutMessage(event, messageId);
      if (envelope) about.push({ event, envelope });
      return envelope !== undefined;
    };
    const proofs = await proofsOf(context, source, options.checkpoint, isAbout);
    const [first] = about;
    if (!first) {
      const text = `no event in ${source.shown} is about message ${messageId}`;
      return { exitCode: exitCodes.refused, json: { outcome: 'not-found', message: text }, text };
    }
    const money = moneyOf(about.map(({ envelope }) => envelope));
    const service = await serviceOf(context, source, first.envelope.account, messageId, options.service);
    return reportOf(messageId, about, money, proofs, service);
  });

/** Reads the events once, whether or not there is a checkpoint to prove them against. */
const proofsOf = async (context: AuditContext, source: AuditSource, file: string | undefined, isAbout: (event: StoredEvent) => boolean): Promise<Proofs> => {
  const known =
    source.isExport && file === undefined
      ? ({ ok: false, message: 'no checkpoint was given (--checkpoint)' } as const)
      : latestCheckpoint(context.config, file);
  if (!known.ok) {
    for await (const event of source.readAll()) isAbout(event);
    return { outcome: 'not-proved', reason: known.message };
  }
  const { checkpoint } = known;
  const proving = await proveEvents(source.readAll(), isAbout, checkpoint);
  if (!proving.ok)
    return { outcome: 'not-proved', reason: `the events do not match the checkpoint of ${checkpoint.size} (${proving.reason}); audit verify tells more` };
  return { outcome: 'proved', size: checkpoint.size, origin: checkpoint.origin, proof: proving.proof };
};

const serviceOf = async ({ config }: AuditContext, source: AuditSource, account: string, messageId: number, isWanted: boolean): Promise<OfService> => {
  if (!isWanted || source.isExport)
    return { outcome: 'not-available', reason: source.isExport ? 'not available offline: an export holds the ledger alone' : 'not asked for' };
  const installation = findInstallation(config);
  if (!installation.found) return { outcome: 'not-available', reason: `not available: ${installation.reason}` };
  const answer = await new OperatorApi(installation.url, installation.operatorToken).get(pathOf(account, 'messages', String(messageId)), messageOfService);
  if (answer.outcome === 'done') return { outcome: 'told', told: answer.body };
  return { outcome: 'not-available', reason: `${answer.outcome === 'refused' ? 'the running system does not tell them' : 'not available'}: ${answer.message}` };
};

const reportOf = (
  messageId: number,
  about: readonly { event: StoredEvent; envelope: EventEnvelope }[],
  money: MessageMoney,
  proofs: Proofs,
  service: OfService,
): Report => {
  const proven = new Map((proofs.outcome === 'proved' ? proofs.proof.events : []).map((event) => [event.index, event]));
  const account = about[0]?.envelope.account ?? '';
  const events = about.map(({ event, envelope }) => ({
    position: event.position,
    revision: event.revision,
    hash: Buffer.from(event.hash).toString('hex'),
    event: envelope,
    proof: proven.get(event.position - 1) ?? null,
  }));
  const rows = events.map(({ position, revision, event, proof }) => [
    String(position),
    String(revision),
    event.time,
    event.type,
    amountOf(event),
    detailOf(event),
    proofText(proof, proofs),
  ]);
  return done(
    {
      messageId,
      account,
      money,
      events,
      checkpoint: proofs.outcome === 'proved' ? { origin: proofs.origin, size: proofs.size, note: proofs.proof.checkpoint } : null,
      notProved: proofs.outcome === 'proved' ? null : proofs.reason,
      service,
    },
    [
      facts([['message', `${messageId} of ${account}: ${money.outcome}`], ...moneyFacts(money)]),
      '',
      table(['position', 'revision', 'time', 'event', 'credits', 'detail', 'proof'], rows),
      '',
      proofs.outcome === 'proved'
        ? `proofs against the checkpoint of ${proofs.size} events by ${proofs.origin}; kwota audit prove ${messageId} --out FILE writes them`
        : `not proved: ${proofs.reason}`,
      serviceText(service),
    ].join('\n'),
  );
};

const moneyFacts = ({
  held,
  heldMilliCredits,
  capturedMilliCredits,
  releasedMilliCredits,
  refundedMilliCredits,
  chargedMilliCredits,
  refusedWith,
}: MessageMoney): readonly (readonly [string, string])[] => {
  if (!held) return refusedWith === undefined ? [] : [['refused with', refusedWith]];
  return [
    ['submission', `${held.submissionId}, by ${held.source}`],
    ['paid by', `${held.userId ?? 'the account'}, from ${held.grantId === null ? 'the pool' : `quota ${held.grantId}`}`],
    ['parts', `${held.parts} to prefix "${held.destination}" at rates ${held.rateVersion}`],
    ['held', exactCredits(heldMilliCredits)],
    ['captured', exactCredits(capturedMilliCredits)],
    ['released', exactCredits(releasedMilliCredits)],
    ['refunded', exactCredits(refundedMilliCredits)],
    ['charged', exactCredits(chargedMilliCredits)],
  ];
};

const amountOf = ({ data }: EventEnvelope): string => {
  const { amountMilliCredits } = data as { amountMilliCredits?: number };
  return amountMilliCredits === undefined ? '' : exactCredits(amountMilliCredits);
};

/** What an event says beside its amount, in a few words. */
const detailOf = ({ data }: EventEnvelope): string => {
  const { reason, code, silent, billingPolicyVersion, leftMilliCredits } = data as {
    reason?: string;
    code?: string;
    silent?: boolean;
    billingPolicyVersion?: number;
    leftMilliCredits?: number;
  };
  const words = [reason, code, silent ? 'no receipt' : undefined, billingPolicyVersion === undefined ? undefined : `billing policy ${billingPolicyVersion}`];
  return [...words, leftMilliCredits === undefined ? undefined : `${exactCredits(leftMilliCredits)} left`].filter((word) => word !== undefined).join(', ');
};

const proofText = (proof: ProvenEvent | null, proofs: Proofs): string => {
  if (proof) return `in ${proofs.outcome === 'proved' ? proofs.size : ''}, ${proof.proof.length} steps`;
  return proofs.outcome === 'proved' ? 'not sealed yet' : '-';
};

const serviceText = (service: OfService): string => {
  if (service.outcome === 'not-available') return `receipts and callbacks: ${service.reason}`;
  const { message, callbacks, attempts } = service.told;
  const state = message
    ? `DLR ${message.dlr}, ptt ${message.ptt}, ${message.final ? 'final' : 'not final'}, ${message.parts} parts`
    : 'taken out of the history';
  const calls = callbacks.map(({ sequence, ptt, dlr, state: end }) => [
    String(sequence),
    String(dlr),
    String(ptt),
    end,
    attemptsText(attempts.filter((one) => one.sequence === sequence)),
  ]);
  return [`receipts: ${state}`, callbacks.length === 0 ? 'callbacks: none' : table(['callback', 'DLR', 'ptt', 'state', 'attempts'], calls)].join('\n');
};

const attemptsText = (attempts: readonly { atMs: number; status: number | null; reason: string | null }[]): string =>
  attempts.map(({ atMs, status, reason }) => `${new Date(atMs).toISOString()} ${status ?? reason ?? ''}`.trim()).join('; ');
