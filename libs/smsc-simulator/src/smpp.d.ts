// npm smpp 0.5 has no types: what the simulator and the carrier use of it. It is CommonJS, so all comes through the default export.
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { Server as NetServer, Socket } from 'node:net';

  /** Incoming: `message` decoded after data_coding (a Buffer for binary codings), `udh` cut into its elements. Outgoing: a Buffer goes as it is. */
  export type ShortMessage = Readonly<{ message: string | Buffer; udh?: readonly Buffer[] | Buffer }>;

  export type PduFields = {
    system_id?: string;
    password?: string;
    system_type?: string;
    interface_version?: number;
    service_type?: string;
    source_addr_ton?: number;
    source_addr_npi?: number;
    source_addr?: string;
    dest_addr_ton?: number;
    dest_addr_npi?: number;
    destination_addr?: string;
    esm_class?: number;
    protocol_id?: number;
    priority_flag?: number;
    /** Incoming: a Date; outgoing also SMPP's own text, absolute or relative. */
    validity_period?: string | Date;
    registered_delivery?: number;
    data_coding?: number;
    short_message?: ShortMessage | Buffer;
    message_payload?: ShortMessage | Buffer;
    message_id?: string;
    receipted_message_id?: string;
    message_state?: number;
    /** Of a query_sm_resp. */
    error_code?: number;
    final_date?: string | Date;
    /** 16 bits. */
    user_message_reference?: number;
    /** Of a message in several parts: its reference (16 bits), how many there are, and which one this is. */
    sar_msg_ref_num?: number;
    sar_total_segments?: number;
    sar_segment_seqnum?: number;
    command_status?: number;
    sequence_number?: number;
  };

  /** With another command_status than 0 it has no body: only the header's fields are there. */
  export type Pdu = PduFields & {
    readonly command: string;
    command_status: number;
    sequence_number: number;
    isResponse(): boolean;
    /** The answer to this request; an unknown command is answered by generic_nack. */
    response(fields?: PduFields): Pdu;
  };

  /** What a session sends like a PDU of the package's: it gives a request its number before it asks for the octets. */
  type EncodedPdu = { sequence_number: number; isResponse(): boolean; toBuffer(): Buffer };
  type OnResponse = (response: Pdu) => void;
  /** False: the socket takes no more and `onResponse` is never called. Nor is it, ever, when the other side keeps silent. */
  type Request = (fields: PduFields, onResponse?: OnResponse) => boolean;

  export interface Session extends EventEmitter {
    readonly socket: Socket;
    send(pdu: Pdu | EncodedPdu, onResponse?: OnResponse): boolean;
    /** Ends the socket, after what was written. */
    close(onClosed?: () => void): void;
    destroy(onClosed?: () => void): void;
    pause(): void;
    resume(): void;
    bind_transceiver: Request;
    bind_transmitter: Request;
    bind_receiver: Request;
    submit_sm: Request;
    deliver_sm: Request;
    enquire_link: Request;
    unbind: Request;
    query_sm: Request;
    on(event: 'connect' | 'secureConnect' | 'close', listener: () => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    /** `pdu` for each PDU, then once more under its command's name. */
    on(event: string, listener: (pdu: Pdu) => void): this;
  }

  export interface Server extends NetServer {
    readonly sessions: readonly Session[];
  }

  type Smpp = {
    /** `url` is smpp:// or, for TLS, ssmpp://. */
    connect(options: Readonly<{ url: string; ca?: string }>, onConnect?: () => void): Session;
    createServer(onSession: (session: Session) => void): Server;
    createServer(options: Readonly<{ key: string; cert: string }>, onSession: (session: Session) => void): Server;
    /** By data_coding; ASCII, which is GSM 03.38, also for 0. They may be replaced, for the whole process. */
    encodings: { ASCII: { decode(octets: Buffer): string } };
  };
  const smpp: Smpp;
  export default smpp;
}
