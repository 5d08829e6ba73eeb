import { createHash, randomBytes } from 'node:crypto';
import type { Pdu, PduFields, Session } from 'smpp';
import { ReceiptQueue } from './receipt-queue.js';
import { isReceiptWanted, messageStateOf, type Receipt } from './receipt.js';
import { ruleOfReceiver } from './receiver-rules.js';
import { RunningScript, spelledId, type ScriptedRule, type SimulatorScript } from './script.js';
import { partOf, textOf } from './short-message.js';
import { SubmissionLog, type Submission } from './submission-log.js';

export type SmscSimulatorOptions = Readonly<{
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  systemId?: string;
  password?: string;
  /** Before each receipt; 0, the default, sends it at once, but after the answer to its submit_sm. */
  receiptDelayMs?: number;
  /** Before each answer to a submit_sm. */
  latencyMs?: number;
  /** Each accepted submit_sm is appended to it as a JSON line (receiver, never the text) before its answer leaves. */
  logFile?: string;
  /** How many submissions are kept in memory for tests to look at; about 300 bytes each. */
  submissionsKeptMax?: number;
  onSubmit?: (submission: Submission) => void;
  /** More submit_sm without an answer, over all sessions, are throttled; left out: no limit. */
  windowMax?: number;
  /** More in one second are throttled; left out: no limit. */
  submitsPerSecondMax?: number;
  /** Receipts come after a random time up to that, so that they overtake each other. */
  receiptsShuffledOverMs?: number;
  /** `decimal`: a counter's numbers, as many SMSCs have them. */
  ids?: 'words' | 'decimal';
  /** Rules before those of the receivers' digits. */
  script?: SimulatorScript;
  /** Whether it knows what became of its last messages when it is asked (query_sm). */
  answersQueries?: boolean;
}>;

/** In UCS-2; `fields` go before: another coding, a user data header, a part of several. */
export type MessageFromPhone = Readonly<{ from: string; to: string; text: string; fields?: PduFields }>;

const submissionsKeptMaxDefault = 1_000_000;
/** Each kept receipt takes about 300 bytes; a full simulator answers "message queue full", as an SMSC does. */
const receiptsWaitingMax = 1_000_000;

const commandStatus = { ok: 0x00, invalidCommand: 0x03, notBound: 0x04, alreadyBound: 0x05, wrongPassword: 0x0e, unknownSystem: 0x0f, queueFull: 0x14, throttled: 0x58, queryFailed: 0x67 };
/** SMPP 3.4, 5.2.28. */
const enroute = 1;
const secondMs = 1_000;
/** About 100 bytes each. */
const queriedMax = 100_000;

const noRule: ScriptedRule = { receivers: '' };

type Answer = (pdu: Pdu, status: number, fields?: PduFields) => void;

/** Answers the sessions that are handed to it; listening is smsc-simulator.ts's. */
export class SimulatedSmsc {
  readonly submissions: SubmissionLog;
  private readonly options: SmscSimulatorOptions;
  private readonly receipts = new ReceiptQueue((session) => this.gatherWrites(session));
  /** What was refused as a first attempt and may pass the second time. */
  private readonly refusedOnce = new Set<string>();
  /** New at each start, so that no id of an earlier run comes again. */
  private readonly idPrefix = randomBytes(5).toString('hex');
  private readonly corked = new Set<Session>();
  private lastId = 0;
  private readonly firstNumber = BigInt(`0x${randomBytes(5).toString('hex')}`) + 4_096n;
  private readonly script: RunningScript;
  private unanswered = 0;
  private second = { startedAtMs: 0, submits: 0 };
  private readonly sessions = new Set<Session>();
  /** By id: the ptt with which it ends, and from when on. */
  private readonly ends = new Map<string, { ptt: number; atMs: number }>();

  constructor(
    private readonly systemId: string,
    private readonly password: string,
    options: SmscSimulatorOptions,
  ) {
    this.options = options;
    this.script = new RunningScript(options.script ?? []);
    this.submissions = new SubmissionLog(options.submissionsKeptMax ?? submissionsKeptMaxDefault, options.logFile);
  }

  receiptsWaiting(): number {
    return this.receipts.length;
  }

  /** A phone sends a message to one of ours. */
  fromPhone({ from, to, text, fields }: MessageFromPhone): void {
    const content = { esm_class: 0, data_coding: 0x08, short_message: Buffer.from(text, 'utf16le').swap16() };
    this.receipts.add({ phone: { source_addr: from, destination_addr: to, ...content, ...fields } });
  }

  /** All links are lost at once. */
  hangUp(): void {
    for (const session of this.sessions) session.destroy();
  }

  accept(session: Session): void {
    this.sessions.add(session);
    let boundAs: string | undefined;
    const answer: Answer = (pdu, status, fields) => {
      this.gatherWrites(session);
      session.send(pdu.response({ ...fields, command_status: status }));
    };
    // A receipt right behind its answer would else wait 40 ms for the client's acknowledgement.
    session.socket.setNoDelay(true);
    session.on('error', () => session.destroy());
    session.on('close', () => {
      this.sessions.delete(session);
      this.receipts.detach(session);
    });
    session.on('pdu', (pdu) => {
      if (pdu.isResponse()) return;
      switch (pdu.command) {
        case 'bind_transceiver':
        case 'bind_receiver':
        case 'bind_transmitter': {
          const status = boundAs === undefined ? this.refusalOfBind(pdu) : commandStatus.alreadyBound;
          answer(pdu, status, { system_id: 'SIMULATOR' });
          if (status !== commandStatus.ok) return;
          boundAs = pdu.command;
          if (boundAs !== 'bind_transmitter') this.receipts.attach(session);
          return;
        }
        case 'submit_sm':
          if (boundAs === undefined || boundAs === 'bind_receiver') answer(pdu, commandStatus.notBound);
          else this.submit(session, pdu, answer);
          return;
        case 'query_sm':
          this.query(pdu, answer);
          return;
        case 'enquire_link':
          answer(pdu, commandStatus.ok);
          return;
        case 'unbind':
          boundAs = undefined;
          this.receipts.detach(session);
          answer(pdu, commandStatus.ok);
          setImmediate(() => session.close());
          return;
        default:
          answer(pdu, commandStatus.invalidCommand);
      }
    });
  }

  private refusalOfBind(pdu: Pdu): number {
    if (pdu.system_id !== this.systemId) return commandStatus.unknownSystem;
    return pdu.password === this.password ? commandStatus.ok : commandStatus.wrongPassword;
  }

  private submit(session: Session, pdu: Pdu, answer: Answer): void {
    const receiver = pdu.destination_addr ?? '';
    const scripted = this.script.ruleFor(receiver) ?? noRule;
    if (scripted.answer === 'lose') {
      session.destroy();
      return;
    }
    if (this.isTooMuch()) {
      answer(pdu, commandStatus.throttled);
      return;
    }
    this.unanswered += 1;
    const latencyMs = (this.options.latencyMs ?? 0) + (scripted.latencyMs ?? 0);
    const answerLater = (status: number, fields?: PduFields, then?: () => void): void => {
      const now = (): void => {
        this.unanswered -= 1;
        if (scripted.answer === 'hang-up') session.destroy();
        else if (scripted.answer !== 'none') answer(pdu, status, fields);
        then?.();
      };
      if (latencyMs > 0) setTimeout(now, latencyMs).unref();
      else now();
    };

    const message = pdu.message_payload ?? pdu.short_message;
    const text = textOf(message);
    const part = partOf(pdu.short_message);
    const rule = ruleOfReceiver(receiver);
    const status = scripted.status ?? this.statusByReceiver(rule, `${receiver} ${pdu.user_message_reference} ${part?.number} ${text}`);
    if (status !== commandStatus.ok) {
      answerLater(status);
      return;
    }

    const smscId = this.nextId();
    const submission: Submission = {
      receiver,
      sender: pdu.source_addr ?? '',
      smscId,
      textSha256: createHash('sha256').update(text).digest('hex'),
      priorityFlag: pdu.priority_flag ?? 0,
      ...(pdu.user_message_reference === undefined ? {} : { userMessageReference: pdu.user_message_reference }),
      ...(part && { part }),
    };
    this.submissions.add(submission);
    this.options.onSubmit?.(submission);

    const ptt = scripted.ptt ?? (rule.kind === 'receipt' ? rule.ptt : 4);
    const receipt = { smscId: spelledId(smscId, scripted), sender: submission.sender, receiver, ptt, submittedAtMs: Date.now(), text, form: scripted.receiptForm };
    const delayMs = (this.options.receiptDelayMs ?? 0) + (rule.kind === 'receipt' ? rule.extraDelayMs : 0) + (scripted.receiptDelayMs ?? 0);
    this.remember(smscId, ptt, Date.now() + delayMs);
    const isWanted = isReceiptWanted(pdu.registered_delivery ?? 0, ptt) && scripted.receipt !== 'lost';
    const isBefore = isWanted && scripted.receipt === 'before';
    if (isBefore) this.receipts.add(receipt);
    const answerNow = (): void =>
      answerLater(commandStatus.ok, { message_id: smscId }, () => {
        if (isWanted && !isBefore) this.sendReceipt(receipt, delayMs, scripted);
      });
    // The receipt leaves at the end of this turn.
    if (isBefore) setTimeout(answerNow, 5).unref();
    else answerNow();
  }

  private sendReceipt(receipt: Receipt, delayMs: number, { receipt: how }: ScriptedRule): void {
    const shuffledMs = delayMs + Math.random() * (this.options.receiptsShuffledOverMs ?? 0);
    const copies = how === 'twice' ? [receipt, { ...receipt }] : [receipt];
    for (const copy of copies) {
      if (shuffledMs > 0) setTimeout(() => this.receipts.add(copy), shuffledMs).unref();
      else this.receipts.add(copy);
    }
  }

  private isTooMuch(): boolean {
    const { windowMax = Infinity, submitsPerSecondMax = Infinity } = this.options;
    if (this.unanswered >= windowMax) return true;
    const nowMs = performance.now();
    if (nowMs - this.second.startedAtMs >= secondMs) this.second = { startedAtMs: nowMs, submits: 0 };
    this.second.submits += 1;
    return this.second.submits > submitsPerSecondMax;
  }

  private statusByReceiver(rule: ReturnType<typeof ruleOfReceiver>, attempt: string): number {
    if (rule.kind === 'refuse' && this.isRefused(rule.firstAttemptOnly, attempt)) return rule.commandStatus;
    return this.receiptsWaiting() >= receiptsWaitingMax ? commandStatus.queueFull : commandStatus.ok;
  }

  private nextId(): string {
    this.lastId += 1;
    return this.options.ids === 'decimal' ? (this.firstNumber + BigInt(this.lastId)).toString() : `${this.idPrefix}${this.lastId.toString(36)}`;
  }

  private remember(smscId: string, ptt: number, atMs: number): void {
    if (!this.options.answersQueries) return;
    this.ends.set(smscId, { ptt, atMs });
    const [oldest] = this.ends.keys();
    if (this.ends.size > queriedMax && oldest !== undefined) this.ends.delete(oldest);
  }

  private query(pdu: Pdu, answer: Answer): void {
    const end = this.ends.get(pdu.message_id ?? '');
    if (!end) answer(pdu, this.options.answersQueries ? commandStatus.queryFailed : commandStatus.invalidCommand);
    else answer(pdu, commandStatus.ok, { message_id: pdu.message_id ?? '', message_state: end.atMs <= Date.now() ? messageStateOf(end.ptt) : enroute, error_code: 0, final_date: '' });
  }

  private isRefused(firstAttemptOnly: boolean, attempt: string): boolean {
    if (!firstAttemptOnly) return true;
    if (this.refusedOnce.delete(attempt)) return false;
    this.refusedOnce.add(attempt);
    return true;
  }

  /** Answers and receipts of one turn leave in one write, after the log file has its lines. */
  private gatherWrites(session: Session): void {
    if (this.corked.has(session)) return;
    if (this.corked.size === 0) {
      setImmediate(() => {
        this.submissions.write();
        for (const gathered of this.corked) gathered.socket.uncork();
        this.corked.clear();
      });
    }
    this.corked.add(session);
    session.socket.cork();
  }
}
