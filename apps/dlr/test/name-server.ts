// As much of a DNS server (RFC 1035, over UDP) as answers a test's names, each question anew: nothing that it says may be kept (TTL 0).
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Resolver, type LookupAddress } from 'node:dns';
import ipaddr from 'ipaddr.js';
import type { Resolve } from '../src/send-callbacks/address-guard.js';

const types = { A: 1, CNAME: 5, AAAA: 28 } as const;
type RecordType = keyof typeof types;
export type DnsRecord = readonly [name: string, type: RecordType, data: string];
export type Question = Readonly<{ name: string; type: RecordType; /** How often it was asked before, by name and type. */ before: number }>;

const headerBytes = 12;
const refusedFlags = 0x8185;
const answeredFlags = 0x8180;

const readName = (message: Buffer): { name: string; end: number } => {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
};
const writeName = (name: string): Buffer => Buffer.concat([...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])), Buffer.from([0])]);

const writeRecord = ([name, type, data]: DnsRecord): Buffer => {
  const bytes = type === 'CNAME' ? writeName(data) : Buffer.from(ipaddr.parse(data).toByteArray());
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(types[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(bytes.length, 8);
  return Buffer.concat([writeName(name), fixed, bytes]);
};

/** `answer` says what it knows of a name: none is "no such record", undefined a refusal. */
export const startNameServer = async (answer: (question: Question) => readonly DnsRecord[] | undefined) => {
  const asked: Question[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const { name, end } = readName(message);
    const type = (Object.keys(types) as RecordType[]).find((known) => types[known] === message.readUInt16BE(end)) ?? 'A';
    const question = { name, type, before: asked.filter((one) => one.name === name && one.type === type).length };
    asked.push(question);
    const records = answer(question);
    const header = Buffer.alloc(headerBytes);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(records ? answeredFlags : refusedFlags, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records?.length ?? 0, 6);
    socket.send(Buffer.concat([header, message.subarray(headerBytes, end + 4), ...(records ?? []).map(writeRecord)]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  const ask = (name: string, family: 4 | 6): Promise<LookupAddress[]> =>
    new Promise((resolve) => {
      const told = (error: Error | null, addresses: string[]): void => resolve(error ? [] : addresses.map((address) => ({ address, family })));
      if (family === 4) resolver.resolve4(name, told);
      else resolver.resolve6(name, told);
    });
  /** In the place of the system's resolver, with its shape. */
  const resolve: Resolve = (name, { family }, done) => {
    const families = family === 0 ? ([4, 6] as const) : [family];
    void Promise.all(families.map((one) => ask(name, one))).then((found) => {
      const addresses = found.flat();
      if (addresses.length > 0) done(null, addresses);
      else done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    });
  };
  return { asked, resolve, close: async () => void (await new Promise<void>((closed) => socket.close(() => closed()))) };
};
