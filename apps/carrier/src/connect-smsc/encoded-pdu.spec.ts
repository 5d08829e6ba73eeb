import fc from 'fast-check';
import { createRequire } from 'node:module';
import { EncodedPdu, type SubmitSm } from './encoded-pdu.js';

type PackagesPdu = { toBuffer(): Buffer };
/** The package's own encoder (CommonJS; its types leave it out). */
const { PDU }: { PDU: new (command: string, fields: object) => PackagesPdu } = createRequire(import.meta.url)('smpp');

const octet = fc.integer({ min: 0, max: 0xff });
const ascii = (maxLength: number) => fc.array(fc.integer({ min: 0x01, max: 0x7f }), { maxLength }).map((codes) => String.fromCharCode(...codes));
const octets = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const anySubmitSm: fc.Arbitrary<SubmitSm> = fc.record({
  service_type: ascii(5),
  source_addr_ton: octet,
  source_addr_npi: octet,
  source_addr: ascii(20),
  dest_addr_ton: octet,
  dest_addr_npi: octet,
  destination_addr: ascii(20),
  esm_class: octet,
  priority_flag: octet,
  validity_period: fc.constantFrom('', '261127000000000R', '261127000000300+'),
  registered_delivery: octet,
  data_coding: octet,
  short_message: octets(254),
  message_payload: fc.oneof(fc.constant(Buffer.alloc(0)), octets(1_000)),
  user_message_reference: fc.integer({ min: 0, max: 0xffff }),
});
const sequenceNumber = fc.integer({ min: 1, max: 0x7fffffff });

it('a submit_sm has the octets that the package writes', () => {
  fc.assert(
    fc.property(anySubmitSm, sequenceNumber, (fields, number) => {
      const { message_payload: payload, user_message_reference: reference, ...others } = fields;
      const packages = new PDU('submit_sm', { ...others, ...(payload.length > 0 && { message_payload: payload }), user_message_reference: reference, sequence_number: number });
      const encoded = EncodedPdu.submitSm(fields);
      encoded.sequence_number = number;
      expect(encoded.isResponse()).toBe(false);
      expect(encoded.toBuffer().toString('hex')).toBe(packages.toBuffer().toString('hex'));
    }),
  );
});

it.each([0x00, 0x14, 0x65])('so has a deliver_sm_resp with status %i', (status) => {
  const encoded = EncodedPdu.deliverSmResp(0x7ffffffe, status);
  expect(encoded.isResponse()).toBe(true);
  expect(encoded.toBuffer()).toEqual(new PDU('deliver_sm_resp', { command_status: status, sequence_number: 0x7ffffffe }).toBuffer());
});
