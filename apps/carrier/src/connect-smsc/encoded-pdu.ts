// The PDUs that leave with each message, octet for octet as the smpp package writes them, which takes several times as long.
import type { PduFields } from 'smpp';

/** A submit_sm by the package's names. `validity_period` as SMPP has it; an empty message_payload is none. */
export type SubmitSm = Required<
  Pick<
    PduFields,
    | 'service_type'
    | 'source_addr_ton'
    | 'source_addr_npi'
    | 'source_addr'
    | 'dest_addr_ton'
    | 'dest_addr_npi'
    | 'destination_addr'
    | 'esm_class'
    | 'priority_flag'
    | 'registered_delivery'
    | 'data_coding'
    | 'user_message_reference'
  >
> &
  Readonly<{ validity_period: string; short_message: Uint8Array; message_payload: Uint8Array }>;

const commandIds = { submitSm: 0x00000004, deliverSmResp: 0x80000005 };
const headerOctets = 16;
const tags = { userMessageReference: 0x0204, messagePayload: 0x0424 };
const octet = String.fromCharCode;

/** As Session.send takes a PDU: it gives a request its number. */
export class EncodedPdu {
  private constructor(
    private readonly octets: Buffer,
    commandId: number,
    commandStatus: number,
    public sequence_number: number,
  ) {
    octets.writeUInt32BE(octets.length, 0);
    octets.writeUInt32BE(commandId, 4);
    octets.writeUInt32BE(commandStatus, 8);
  }

  /** SMPP 3.4, 4.4.1. */
  static submitSm(fields: SubmitSm): EncodedPdu {
    const { short_message: message, message_payload: payload } = fields;
    const mandatory =
      `${fields.service_type}\0${octet(fields.source_addr_ton, fields.source_addr_npi)}${fields.source_addr}\0` +
      `${octet(fields.dest_addr_ton, fields.dest_addr_npi)}${fields.destination_addr}\0${octet(fields.esm_class, 0, fields.priority_flag)}\0` +
      `${fields.validity_period}\0${octet(fields.registered_delivery, 0, fields.data_coding, 0, message.length)}`;
    const optionalAt = headerOctets + mandatory.length + message.length;
    const octets = Buffer.allocUnsafe(optionalAt + (payload.length > 0 ? 4 + payload.length : 0) + 6);
    octets.write(mandatory, headerOctets, 'latin1');
    octets.set(message, headerOctets + mandatory.length);
    let at = optionalAt;
    if (payload.length > 0) {
      at = octets.writeUInt16BE(payload.length, octets.writeUInt16BE(tags.messagePayload, at));
      octets.set(payload, at);
      at += payload.length;
    }
    octets.writeUInt16BE(fields.user_message_reference, octets.writeUInt16BE(2, octets.writeUInt16BE(tags.userMessageReference, at)));
    return new EncodedPdu(octets, commandIds.submitSm, 0, 0);
  }

  /** SMPP 3.4, 4.6.2: a message_id that is not used, and with another status than 0 no body. */
  static deliverSmResp(sequenceNumber: number, commandStatus: number): EncodedPdu {
    return new EncodedPdu(Buffer.alloc(headerOctets + (commandStatus === 0 ? 1 : 0)), commandIds.deliverSmResp, commandStatus, sequenceNumber);
  }

  isResponse(): boolean {
    return this.octets.readUInt32BE(4) >= 0x80000000;
  }

  toBuffer(): Buffer {
    this.octets.writeUInt32BE(this.sequence_number, 12);
    return this.octets;
  }
}
