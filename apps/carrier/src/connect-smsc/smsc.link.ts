import type { Logger } from '@kwota/service-kit/logger';
import smpp, { type Pdu, type PduFields, type Session } from 'smpp';
import { EncodedPdu, type SubmitSm } from './encoded-pdu.js';
import { quickGsmDecoder } from './gsm-decoder.js';

const bindTimeoutMs = 10_000;
const enquireIntervalMs = 30_000;
/** Shorter than the interval: one is under way at a time. */
const enquireTimeoutMs = 15_000;
/** An SMSC that answers a submit_sm later than this is taken for gone. */
const answerTimeoutMs = 60_000;
const watchIntervalMs = 5_000;
const reconnectDelayMsMin = 100;
const reconnectDelayMsMax = 30_000;
/** How long a stop waits for answers under way; the rest is found as claims by the next start. */
const drainMsMax = 4_000;
const smppVersion = 0x34;

type OnAnswer = (answer: Pdu | undefined) => void;
export type SmscListener = Readonly<{
  onBound: () => void;
  /** Not called again until it answers with a command_status, or the link is lost. */
  onDeliverSm: (pdu: Pdu, answer: (commandStatus: number) => void) => void;
}>;

export type BindCommand = 'bind_transceiver' | 'bind_transmitter' | 'bind_receiver';
export type LinkOptions = Readonly<{
  connector: string;
  /** smpp:// or ssmpp:// with system_id and password. */
  url: string;
  bind: BindCommand;
  systemType: string;
  /** PEM; empty: what Node.js trusts. */
  tlsCa: string;
}>;

smpp.encodings.ASCII.decode = quickGsmDecoder(smpp.encodings.ASCII.decode);

/** One bind, kept up: enquire_link, reconnect with growing pauses. */
export class SmscLink {
  private session: Session | undefined;
  private bound: Session | undefined;
  private listener: SmscListener | undefined;
  private readonly unanswered = new Map<OnAnswer, number>();
  private stopped = false;
  private failures = 0;
  private lastProblem = 'not connected yet';
  private lostAtMs = performance.now();
  private corked: Session | undefined;
  private timer: NodeJS.Timeout | undefined;
  private enquireTimeout: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: LinkOptions,
    private readonly log: Logger,
  ) {}

  get isBound(): boolean {
    return this.bound !== undefined;
  }

  get inFlight(): number {
    return this.unanswered.size;
  }

  /** Why it is not bound; empty while it is. */
  get problem(): string {
    return this.isBound ? '' : this.lastProblem;
  }

  /** For how long it has been away; 0 while it is bound. */
  get awayMs(): number {
    return this.isBound ? 0 : performance.now() - this.lostAtMs;
  }

  start(listener: SmscListener): void {
    this.listener = listener;
    this.connect();
  }

  /** As submit, for query_sm. */
  query(fields: PduFields, onAnswer: (answer: Pdu) => void): boolean {
    return this.bound?.query_sm(fields, onAnswer) ?? false;
  }

  /** False: it was not sent. Else `onAnswer` is called once, with undefined when the link was lost before the answer. */
  submit(fields: SubmitSm, onAnswer: OnAnswer): boolean {
    const session = this.bound;
    if (!session) return false;
    this.gatherWrites(session);
    const settle = (answer: Pdu): void => {
      if (this.unanswered.delete(onAnswer)) onAnswer(answer);
    };
    if (!session.send(EncodedPdu.submitSm(fields), settle)) return false;
    this.unanswered.set(onAnswer, performance.now());
    return true;
  }

  /** Waits a while for answers under way, unbinds and hangs up. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const giveUpAtMs = performance.now() + drainMsMax;
    while (this.isBound && this.inFlight > 0 && performance.now() < giveUpAtMs) await pause(10);
    const session = this.session;
    if (!session || session.socket.destroyed) return;
    const closed = new Promise<void>((resolve) => session.on('close', resolve));
    if (this.isBound) session.unbind({}, () => session.close());
    setTimeout(() => session.destroy(), 1_000).unref();
    if (!this.isBound) session.destroy();
    await closed;
  }

  private connect(): void {
    const { url, bind, systemType, tlsCa } = this.options;
    const { protocol, host, username, password } = new URL(url);
    const session = smpp.connect({ url: `${protocol}//${host}`, ...(tlsCa && { ca: tlsCa }) }, () => {
      const credentials = { system_id: decodeURIComponent(username), password: decodeURIComponent(password) };
      session[bind]({ ...credentials, system_type: systemType, interface_version: smppVersion }, (answer) => this.onBindAnswer(session, answer));
    });
    this.session = session;
    session.socket.setNoDelay(true);
    const bindTimer = setTimeout(() => {
      if (this.bound !== session) this.hangUp(session, 'no answer to the bind');
    }, bindTimeoutMs);
    const watchTimer = setInterval(() => this.watch(session), watchIntervalMs);
    const enquireTimer = setInterval(() => this.enquire(session), enquireIntervalMs);
    session.on('error', (error) => this.hangUp(session, (error as NodeJS.ErrnoException).code ?? error.name));
    session.on('close', () => {
      clearTimeout(bindTimer);
      clearInterval(watchTimer);
      clearInterval(enquireTimer);
      clearTimeout(this.enquireTimeout);
      this.onClosed(session);
    });
    session.on('pdu', (pdu) => this.onPdu(session, pdu));
  }

  private onBindAnswer(session: Session, { command_status: status }: Pdu): void {
    if (status !== 0) {
      this.log.error({ connector: this.options.connector, commandStatus: status }, 'the SMSC refuses the bind');
      this.hangUp(session, `it refuses the bind with command_status ${status}`);
      return;
    }
    this.failures = 0;
    this.lastProblem = 'it has hung up';
    this.bound = session;
    this.log.info({ connector: this.options.connector }, 'bound to the SMSC');
    this.listener?.onBound();
  }

  private onPdu(session: Session, pdu: Pdu): void {
    if (pdu.isResponse()) return;
    const send = (answer: Pdu | EncodedPdu): void => {
      this.gatherWrites(session);
      session.send(answer);
    };
    const answer = (fields: PduFields): void => send(pdu.response(fields));
    if (pdu.command === 'deliver_sm') this.listener?.onDeliverSm(pdu, (commandStatus) => send(EncodedPdu.deliverSmResp(pdu.sequence_number, commandStatus)));
    else if (pdu.command === 'enquire_link') answer({});
    else if (pdu.command === 'unbind') {
      answer({});
      this.lastProblem = 'it has unbound';
      setImmediate(() => session.close());
    } else answer({ command_status: smppInvalidCommand });
  }

  private watch(session: Session): void {
    const [oldestAtMs] = this.unanswered.values();
    if (oldestAtMs !== undefined && performance.now() - oldestAtMs > answerTimeoutMs) this.hangUp(session, 'no answer to a submit_sm');
  }

  private enquire(session: Session): void {
    if (this.bound !== session) return;
    clearTimeout(this.enquireTimeout);
    this.enquireTimeout = setTimeout(() => this.hangUp(session, 'no answer to an enquire_link'), enquireTimeoutMs);
    session.enquire_link({}, () => clearTimeout(this.enquireTimeout));
  }

  private hangUp(session: Session, problem: string): void {
    this.lastProblem = problem;
    session.destroy();
  }

  private onClosed(session: Session): void {
    if (this.bound === session) {
      this.bound = undefined;
      this.lostAtMs = performance.now();
      this.log.warn({ connector: this.options.connector, problem: this.lastProblem }, 'the link to the SMSC is lost');
    }
    const lost = [...this.unanswered.keys()];
    this.unanswered.clear();
    for (const onAnswer of lost) onAnswer(undefined);
    if (this.stopped) return;
    this.failures += 1;
    const delayMs = Math.min(reconnectDelayMsMin * 2 ** (this.failures - 1), reconnectDelayMsMax);
    // Half to all of it: carriers that lost the same SMSC do not come back in one moment.
    this.timer = setTimeout(() => this.connect(), delayMs * (0.5 + Math.random() / 2));
  }

  /** What is sent in one turn leaves in one write. */
  private gatherWrites(session: Session): void {
    if (this.corked === session) return;
    this.corked = session;
    session.socket.cork();
    setImmediate(() => {
      this.corked = undefined;
      session.socket.uncork();
    });
  }
}

const smppInvalidCommand = 0x03;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
