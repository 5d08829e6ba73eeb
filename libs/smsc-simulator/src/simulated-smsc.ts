import { createHash, randomBytes } from 'node:crypto';
import type { Pdu, PduFields, Session } from 'smpp';
import { ReceiptQueue } from './receipt-queue.js';
import { isReceiptWanted } from './receipt.js';
import { ruleOfReceiver } from './receiver-rules.js';
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
}>;

const submissionsKeptMaxDefault = 1_000_000;
/** Each kept receipt takes about 300 bytes; a full simulator answers "message queue full", as an SMSC does. */
const receiptsWaitingMax = 1_000_000;

const commandStatus = { ok: 0x00, invalidCommand: 0x03, notBound: 0x04, alreadyBound: 0x05, wrongPassword: 0x0e, unknownSystem: 0x0f, queueFull: 0x14 };

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

  constructor(
    private readonly systemId: string,
    private readonly password: string,
    options: SmscSimulatorOptions,
  ) {
    this.options = options;
    this.submissions = new SubmissionLog(options.submissionsKeptMax ?? submissionsKeptMaxDefault, options.logFile);
  }

  receiptsWaiting(): number {
    return this.receipts.length;
  }

  accept(session: Session): void {
    let boundAs: string | undefined;
    const answer: Answer = (pdu, status, fields) => {
      this.gatherWrites(session);
      session.send(pdu.response({ ...fields, command_status: status }));
    };
    // A receipt right behind its answer would else wait 40 ms for the client's acknowledgement.
    session.socket.setNoDelay(true);
    session.on('error', () => session.destroy());
    session.on('close', () => this.receipts.detach(session));
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
          else this.submit(pdu, answer);
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

  private submit(pdu: Pdu, answer: Answer): void {
    const { latencyMs = 0 } = this.options;
    const answerLater = (status: number, fields?: PduFields, then?: () => void): void => {
      const now = (): void => {
        answer(pdu, status, fields);
        then?.();
      };
      if (latencyMs > 0) setTimeout(now, latencyMs).unref();
      else now();
    };

    const receiver = pdu.destination_addr ?? '';
    const message = pdu.message_payload ?? pdu.short_message;
    const text = textOf(message);
    const part = partOf(pdu.short_message);
    const rule = ruleOfReceiver(receiver);
    if (rule.kind === 'refuse' && this.isRefused(rule.firstAttemptOnly, `${receiver} ${pdu.user_message_reference} ${part?.number} ${text}`)) {
      answerLater(rule.commandStatus);
      return;
    }
    if (this.receiptsWaiting() >= receiptsWaitingMax) {
      answerLater(commandStatus.queueFull);
      return;
    }

    this.lastId += 1;
    const smscId = `${this.idPrefix}${this.lastId.toString(36)}`;
    const submission: Submission = {
      receiver,
      sender: pdu.source_addr ?? '',
      smscId,
      textSha256: createHash('sha256').update(text).digest('hex'),
      ...(pdu.user_message_reference === undefined ? {} : { userMessageReference: pdu.user_message_reference }),
      ...(part && { part }),
    };
    this.submissions.add(submission);
    this.options.onSubmit?.(submission);

    const ptt = rule.kind === 'receipt' ? rule.ptt : 4;
    const receipt = { smscId, sender: submission.sender, receiver, ptt, submittedAtMs: Date.now(), text };
    const delayMs = (this.options.receiptDelayMs ?? 0) + (rule.kind === 'receipt' ? rule.extraDelayMs : 0);
    answerLater(commandStatus.ok, { message_id: smscId }, () => {
      if (!isReceiptWanted(pdu.registered_delivery ?? 0, ptt)) return;
      if (delayMs > 0) setTimeout(() => this.receipts.add(receipt), delayMs).unref();
      else this.receipts.add(receipt);
    });
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
