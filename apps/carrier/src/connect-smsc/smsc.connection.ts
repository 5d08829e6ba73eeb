import type { ConnectorSettings } from '@kwota/contracts/carrier.requests.v1';
import type { Logger } from '@kwota/service-kit/logger';
import type { Pdu, PduFields } from 'smpp';
import type { SubmitSm } from './encoded-pdu.js';
import { SmscLink, type SmscListener } from './smsc.link.js';

export type ConnectionOptions = Readonly<{ connector: string; url: string } & Pick<ConnectorSettings, 'bind' | 'systemType' | 'tlsCa'>>;

/** The way to one SMSC: one bind for both directions, or one for each. */
export class SmscConnection {
  private readonly sending: SmscLink;
  private readonly receiving: SmscLink | undefined;

  constructor(
    readonly options: ConnectionOptions,
    log: Logger,
  ) {
    const { bind } = options;
    this.sending = new SmscLink({ ...options, bind: bind === 'pair' ? 'bind_transmitter' : 'bind_transceiver' }, log);
    this.receiving = bind === 'pair' ? new SmscLink({ ...options, bind: 'bind_receiver' }, log) : undefined;
  }

  /** It takes submit_sm. Receipts wait at the SMSC while the other direction is away. */
  get isBound(): boolean {
    return this.sending.isBound;
  }

  get inFlight(): number {
    return this.sending.inFlight;
  }

  get awayMs(): number {
    return this.sending.awayMs;
  }

  get problem(): string {
    return this.sending.problem || (this.receiving?.problem ?? '');
  }

  start(listener: SmscListener): void {
    this.sending.start(listener);
    this.receiving?.start({ ...listener, onBound: () => undefined });
  }

  /** As SmscLink.submit. */
  submit(fields: SubmitSm, onAnswer: (answer: Pdu | undefined) => void): boolean {
    return this.sending.submit(fields, onAnswer);
  }

  query(fields: PduFields, onAnswer: (answer: Pdu) => void): boolean {
    return this.sending.query(fields, onAnswer);
  }

  /** Waits a while for answers under way, unbinds and hangs up. */
  async stop(): Promise<void> {
    await this.sending.stop();
    await this.receiving?.stop();
  }
}
