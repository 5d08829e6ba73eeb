// What the SMSC said, made durable many at a time: what comes while one transaction runs is in the next.
import { expiredOutcome, outcomeOfReceipt, submittedOutcome, type DeliveryOutcome, type ReceiptProfile } from '@kwota/delivery-codes';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { GatheredWrites } from '@kwota/service-kit/gathered-writes';
import type { Logger } from '@kwota/service-kit/logger';
import type { Metrics } from '@kwota/service-kit/metrics';
import type { EntityManager } from 'typeorm';
import { PartReceiptsPublisher, type PartReport } from '../part-receipts.publisher.js';
import { keyOfPart, partState, PartsRepository, type ClaimedPart, type PartAddress } from '../parts.repository.js';
import { QueriesRepository } from '../query-parts/queries.repository.js';
import type { RawReceipt } from '../receive-receipts/smsc-id.js';
import { SubmittedPartsRepository } from '../submitted-parts.repository.js';
import { OperationsPublisher } from '../tell-operators/operations.publisher.js';

export type PartNews =
  | Readonly<{ kind: 'submitted'; part: ClaimedPart; smscId: string; atMs: number }>
  | Readonly<{ kind: 'refused'; part: ClaimedPart; commandStatus: number; outcome: DeliveryOutcome; atMs: number }>
  /** Never submitted: its validity ended first. */
  | Readonly<{ kind: 'expired'; part: ClaimedPart; atMs: number }>
  | Readonly<{ kind: 'requeued'; part: ClaimedPart; dueAtMs: number; attempts: number; pinned: boolean }>
  | Readonly<{ kind: 'unanswered'; part: ClaimedPart }>
  /** `committed` runs when it cannot be lost any more: only then may the SMSC forget it. */
  | Readonly<{ kind: 'receipt'; connector: string; receipt: RawReceipt; committed: () => void }>;

const partsOf = (news: readonly PartNews[]): ClaimedPart[] => news.flatMap((item) => (item.kind === 'receipt' ? [] : [item.part]));
type NewsOf<Kind extends PartNews['kind']> = Extract<PartNews, { kind: Kind }>;
const ofKind = <Kind extends PartNews['kind']>(news: readonly PartNews[], kind: Kind): NewsOf<Kind>[] =>
  news.filter((item): item is NewsOf<Kind> => item.kind === kind);

/** The SMSC waits for nothing else meanwhile: its window of unanswered messages is what bounds it. */
const spacingMs = 20;

export type RecorderListener = Readonly<{
  /** What became of them is durable. */
  onSettled: (parts: readonly ClaimedPart[]) => void;
  /** Parts are back in the queue. */
  onRequeued: () => void;
  /** There is room for more news. */
  onWritten: () => void;
  /** Which dialect a connector's receipts speak. */
  profileOf: (connector: string) => ReceiptProfile;
  /** After how long the SMSC is asked about a message without news; 0: never. */
  queryAfterMsOf: (connector: string) => number;
}>;

export class PartNewsRecorder {
  private readonly gathered: GatheredWrites<PartNews>;
  private earlyKept = 0;
  private readonly answersUnwritten = new Map<string, number>();
  private receiptsUnwritten = 0;
  private listener: RecorderListener | undefined;
  private readonly codesUnknown;
  private readonly receiptsUnmatched;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly parts: PartsRepository,
    private readonly submitted: SubmittedPartsRepository,
    private readonly queries: QueriesRepository,
    private readonly receipts: PartReceiptsPublisher,
    private readonly operations: OperationsPublisher,
    private readonly log: Logger,
    metrics: Metrics,
  ) {
    const onFailure = ({ name }: Error): void => log.error({ err: { type: name } }, "the SMSC's answers could not be stored; trying again");
    this.gathered = new GatheredWrites((news) => this.write(news), onFailure, spacingMs);
    this.codesUnknown = metrics.counter('kwota_carrier_codes_unknown_total', 'Codes of the SMSC that delivery-codes does not know', ['stage']);
    this.receiptsUnmatched = metrics.counter('kwota_carrier_receipts_unmatched_total', 'Receipts that came before, or without, the answer to their submit_sm');
  }

  /** A connector's answers to submit_sm that are not durable yet: a crash would have their parts sent again. */
  unwrittenAnswers(connector: string): number {
    return this.answersUnwritten.get(connector) ?? 0;
  }

  /** Receipts that are not durable yet. */
  get unwrittenReceipts(): number {
    return this.receiptsUnwritten;
  }

  async start(listener: RecorderListener): Promise<void> {
    this.listener = listener;
    this.earlyKept = await this.database.read((manager) => this.submitted.countEarly(manager));
  }

  record(news: PartNews): void {
    this.countUnwritten(news, 1);
    this.gathered.record(news);
  }

  /** Resolves when all that was recorded is durable, or one more attempt has failed: the next start finds it as claims. */
  close(): Promise<void> {
    return this.gathered.close();
  }

  private async write(news: readonly PartNews[]): Promise<void> {
    const { reports, codes, earlyKept, unmatched } = await this.database.transaction((manager) => this.writeIn(manager, news));
    this.earlyKept = earlyKept;
    for (const item of news) this.countUnwritten(item, -1);
    this.listener?.onSettled(partsOf(news));
    if (unmatched > 0) this.receiptsUnmatched.inc({}, unmatched);
    for (const { committed } of ofKind(news, 'receipt')) committed();
    for (const report of reports) this.noteUnknown(report);
    this.operations.codesTold(codes);
    if (reports.length > 0) this.receipts.relay();
    if (news.some(({ kind }) => kind === 'requeued')) this.listener?.onRequeued();
    else this.listener?.onWritten();
  }

  private countUnwritten(news: PartNews, by: 1 | -1): void {
    if (news.kind === 'receipt') this.receiptsUnwritten += by;
    else this.answersUnwritten.set(news.part.connector, this.unwrittenAnswers(news.part.connector) + by);
  }

  private async writeIn(manager: EntityManager, all: readonly PartNews[]) {
    const news = this.database.isShared ? await this.stillOurs(manager, all) : all;
    const submitted = ofKind(news, 'submitted');
    const refused = ofKind(news, 'refused');
    const expired = ofKind(news, 'expired');
    const idsOf = (items: readonly { part: ClaimedPart }[]) => items.map(({ part }) => part);
    await this.submitted.mark(manager, submitted.map(({ part: { messageId, part, connector }, smscId }) => ({ messageId, part, smscId, connector })));
    await this.parts.markEnded(manager, idsOf([...refused, ...expired]));
    await this.parts.markUnanswered(manager, idsOf(ofKind(news, 'unanswered')));
    await this.parts.requeue(manager, ofKind(news, 'requeued').map(({ part: { messageId, part }, ...queued }) => ({ messageId, part, ...queued })));

    const reports: PartReport[] = [
      ...submitted.map(({ part, smscId, atMs }) => ({ part, stage: 'submitted', outcome: submittedOutcome, atMs, raw: { connector: part.connector, smscId } }) as const),
      ...refused.map(({ part, outcome, commandStatus, atMs }) => ({ part, stage: 'refused', outcome, atMs, raw: { connector: part.connector, commandStatus } }) as const),
      ...expired.map(({ part, atMs }) => ({ part, stage: 'expired', outcome: expiredOutcome, atMs, raw: { connector: part.connector } }) as const),
    ];
    let unmatched = 0;
    let earlyTaken = 0;
    const connectors = new Set([...submitted.map(({ part }) => part.connector), ...ofKind(news, 'receipt').map(({ connector }) => connector)]);
    for (const connector of connectors) {
      const ofConnector = submitted.filter(({ part }) => part.connector === connector);
      // Of several carriers each keeps what came to its bind.
      const mayBeEarly = this.earlyKept > 0 || this.database.isShared;
      const early = mayBeEarly ? await this.submitted.takeEarly(manager, connector, ofConnector.map(({ part: { receiver }, smscId }) => ({ smscId, receiver }))) : [];
      const received = [...early, ...ofKind(news, 'receipt').filter((one) => one.connector === connector).map(({ receipt }) => receipt)];
      const found = await this.findParts(manager, connector, ofConnector, received);
      const unfit = received.filter((receipt) => !found.get(receipt)?.length);
      await this.submitted.keepEarly(manager, connector, unfit);
      earlyTaken += early.length;
      unmatched += unfit.length;
      reports.push(...received.flatMap((receipt) => (found.get(receipt) ?? []).map((part) => this.reportOf(connector, receipt, part))));
    }
    await this.keepQueries(manager, reports);
    await this.receipts.report(manager, reports);
    const codes = await this.operations.tellCodes(manager, reports);
    return { reports, codes, earlyKept: this.earlyKept - earlyTaken + unmatched, unmatched };
  }

  private async keepQueries(manager: EntityManager, reports: readonly PartReport[]): Promise<void> {
    const afterMsOf = ({ raw }: PartReport): number => this.listener?.queryAfterMsOf(raw.connector) ?? 0;
    const asked = reports.filter((report) => afterMsOf(report) > 0);
    if (asked.length === 0) return;
    const submitted = asked.filter(({ stage }) => stage === 'submitted');
    await this.queries.add(manager, submitted.map((report) => ({ messageId: report.part.messageId, part: report.part.part, connector: report.raw.connector, atMs: report.atMs + afterMsOf(report) })));
    await this.queries.drop(manager, asked.filter(({ outcome }) => outcome.final).map(({ part }) => part));
  }

  /**
   * Without the news of parts that another carrier has taken over and claimed: what becomes of them, it tells. Where nobody has claimed them
   * since, an answer is still one.
   */
  private async stillOurs(manager: EntityManager, news: readonly PartNews[]): Promise<PartNews[]> {
    const states = await this.parts.stillOpen(manager, partsOf(news));
    const ours = news.filter((item) => {
      if (item.kind === 'receipt') return true;
      const state = states.get(keyOfPart(item.part));
      return state === partState.claimed || (state !== undefined && (item.kind === 'submitted' || item.kind === 'refused'));
    });
    if (ours.length < news.length) this.log.warn({ parts: news.length - ours.length }, 'another carrier has taken over parts that this one had claimed');
    return ours;
  }

  /** Most receipts follow their answer closely: those of this very batch need no look-up. */
  private async findParts(
    manager: EntityManager,
    connector: string,
    submitted: readonly NewsOf<'submitted'>[],
    received: readonly RawReceipt[],
  ): Promise<Map<RawReceipt, readonly PartAddress[]>> {
    const bySmscId = new Map<string, PartAddress[]>();
    for (const { part, smscId } of submitted) bySmscId.set(smscId, [...(bySmscId.get(smscId) ?? []), part]);
    const others = received.filter(({ smscId }) => !bySmscId.has(smscId));
    const found: Map<RawReceipt, readonly PartAddress[]> = await this.submitted.find(manager, connector, others);
    for (const receipt of received) {
      const parts = bySmscId.get(receipt.smscId);
      if (parts) found.set(receipt, parts);
    }
    return found;
  }

  private reportOf(connector: string, { smscId, stat, err, messageState, receivedAtMs }: RawReceipt, part: PartAddress): PartReport {
    const raw: PartReport['raw'] = { connector, smscId };
    if (stat !== null) raw.stat = stat;
    if (err !== null) raw.err = err;
    if (messageState !== null) raw.messageState = messageState;
    const outcome = outcomeOfReceipt(raw, this.listener?.profileOf(connector) ?? 'generic');
    return { part, stage: 'receipt', outcome, atMs: receivedAtMs, raw };
  }

  private noteUnknown({ stage, outcome, raw }: PartReport): void {
    if (outcome.recognised) return;
    this.codesUnknown.inc({ stage });
    const { stat, err, messageState, commandStatus } = raw;
    this.log.error({ stage, stat, err, messageState, commandStatus }, 'the SMSC uses a code that is not known here');
  }
}
