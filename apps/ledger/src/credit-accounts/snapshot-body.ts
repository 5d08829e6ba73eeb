import { AccountRestored, reducerVersion, snapshotOf, snapshotParts, type CreditAccount, type SnapshotPart } from '@kwota/credit-ledger';
import type { StreamSnapshot } from '@kwota/event-store';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Of a part's bytes, before it. */
const lengthBytes = 4;
/** A part of 2,000 rows takes three milliseconds at the fastest level, and a seventh of its room; an account with a million holds has 500 of them. */
const compression = { level: 1 } as const;
/** Parts below that are no work. */
const smallPartBytes = 10_000;

export type GiveWay = () => Promise<void>;
const nextTurn: GiveWay = () => new Promise((resolve) => setImmediate(resolve));

/**
 * A snapshot's bytes: a line with the position up to which every stream of the store has a snapshot (so that a start reads on from there), then
 * the account's parts, each its length and its JSON, deflated. Worth something to this program alone; auditors never read them.
 */
export const snapshotBody = (coveredUpTo: number, packed: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(`${coveredUpTo}\n`), packed]);

/** The state must not change meanwhile. */
export const pack = async (state: CreditAccount, giveWay: GiveWay = nextTurn): Promise<Uint8Array> => {
  const pieces: Buffer[] = [];
  for (const part of snapshotParts(state)) {
    const deflated = deflateRawSync(JSON.stringify(part), compression);
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32LE(deflated.length);
    pieces.push(length, deflated);
    if (deflated.length > smallPartBytes) await giveWay();
  }
  return Buffer.concat(pieces);
};

export const unpack = async (account: string, packed: Uint8Array, giveWay: GiveWay = nextTurn): Promise<CreditAccount> => {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const restored = new AccountRestored(account);
  for (let at = 0; at < bytes.length; ) {
    const end = at + lengthBytes + bytes.readUInt32LE(at);
    restored.add(JSON.parse(inflateRawSync(bytes.subarray(at + lengthBytes, end)).toString()) as SnapshotPart);
    if (end - at > smallPartBytes) await giveWay();
    at = end;
  }
  return restored.account;
};

/** All of a state as text, to be compared. */
export const jsonOf = (state: CreditAccount): string => JSON.stringify(snapshotOf(state));

export type OpenedSnapshot = Readonly<{ coveredUpTo: number; packed: Uint8Array }>;

/** Undefined for one of another reducer: what it says is folded anew. */
export const openSnapshot = (snapshot: StreamSnapshot | undefined): OpenedSnapshot | undefined => {
  if (!snapshot || snapshot.reducerVersion !== reducerVersion) return undefined;
  const lineEnd = snapshot.body.indexOf(10);
  return { coveredUpTo: Number(Buffer.from(snapshot.body.subarray(0, lineEnd)).toString()), packed: snapshot.body.subarray(lineEnd + 1) };
};
