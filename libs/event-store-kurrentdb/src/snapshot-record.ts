import type { StreamSnapshot } from '@kwota/event-store';

/** A line of JSON, then the body. */
export const encodeSnapshot = ({ revision, hash, reducerVersion, body }: StreamSnapshot): Uint8Array =>
  new Uint8Array(Buffer.concat([Buffer.from(`${JSON.stringify({ revision, reducerVersion, hash: Buffer.from(hash).toString('hex') })}\n`), body]));

export const decodeSnapshot = (record: Uint8Array): StreamSnapshot => {
  const end = record.indexOf(0x0a);
  const { revision, reducerVersion, hash } = JSON.parse(Buffer.from(record.subarray(0, end)).toString()) as Record<'revision' | 'reducerVersion', number> & { hash: string };
  return { revision, reducerVersion, hash: new Uint8Array(Buffer.from(hash, 'hex')), body: new Uint8Array(record.subarray(end + 1)) };
};
