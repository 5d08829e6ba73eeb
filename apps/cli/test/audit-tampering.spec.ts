import { decodeEvent, encodeEvent, genesisHash, hashOf } from '@kwota/audit-log';
import { aShopAndABank, shop, WrittenHistory } from '@kwota/audit-log/testing';
import type { StoredEvent } from '@kwota/event-store';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { audit, auditJson, inFolder, logKey, writeCheckpoint, writeExport, writeStore } from './audit-under-test.js';

type Verified = { ok: boolean; findings: { reason: string; stream: string | null; revision: number | null; upTo?: number }[] };

const history = aShopAndABank().stored;
const checkpoint = writeCheckpoint('today.txt', history);
const older = writeCheckpoint('older.txt', history, 12);
const key = logKey.verifier.text;

const ofShop = history.filter(({ stream }) => stream === `credit-${shop}`);
const fifth = ofShop[5]!;
const at = (event: StoredEvent): number => history.indexOf(event);
const renumbered = (events: readonly StoredEvent[]): StoredEvent[] => events.map((event, index) => ({ ...event, position: index + 1 }));
const content = ({ id, data, hash, type }: StoredEvent) => ({ id, data, hash, type });
const [one, other] = [ofShop[5]!, ofShop[6]!];

/** Every hash made new, as by somebody who has the whole store. */
const rechained = (): StoredEvent[] => {
  const heads = new Map<string, { hash: Uint8Array; revision: number }>();
  const kept = history.filter(({ type }) => type !== 'CreditsAdjusted');
  return renumbered(kept).map((event) => {
    const { hash: previous, revision } = heads.get(event.stream) ?? { hash: genesisHash, revision: 0 };
    const data = encodeEvent({ ...decodeEvent(event.data), revision });
    const hash = hashOf(previous, data);
    heads.set(event.stream, { hash, revision: revision + 1 });
    return { ...event, revision, data, hash };
  });
};
const refunding = (): StoredEvent[] =>
  aShopAndABank().write(shop, { type: 'CreditsRefunded', messageId: 555, amountMilliCredits: 950, userId: null, grantId: null, reason: 'withdrawn' }).stored;

const tampered: readonly (readonly [string, () => readonly StoredEvent[], string, object])[] = [
  [
    'an edited event',
    () => history.with(at(fifth), { ...fifth, data: Buffer.from(Buffer.from(fifth.data).toString().replace('950', '150')) }),
    'edited',
    { revision: 5 },
  ],
  [
    'two swapped',
    () => history.with(at(one), { ...one, ...content(other) }).with(at(other), { ...other, ...content(one) }),
    'swapped',
    { revision: 5, upTo: 6 },
  ],
  ['a dropped one', () => history.toSpliced(at(fifth), 1), 'dropped', { revision: 5, upTo: 5 }],
  ['a dropped tail (against a checkpoint)', () => history.slice(0, -3), 'tail-dropped', { upTo: history.length }],
  [
    'a renumbering',
    () =>
      renumbered(
        history
          .toSpliced(at(fifth), 1)
          .map((event) => (event.stream === fifth.stream && event.revision > 5 ? { ...event, revision: event.revision - 1 } : event)),
      ),
    'renumbered',
    { revision: 5 },
  ],
  ['a whole history chained anew (against an older checkpoint)', () => rechained(), 'tail-dropped', {}],
  ['a refund without its charge', () => refunding(), 'refund-without-charge', { revision: ofShop.length }],
];

describe.each([
  [
    'an event file',
    async (name: string, events: readonly StoredEvent[]) => ({
      options: [],
      environment: { KWOTA_EVENT_STORE_URL: `sqlite:${await writeStore(`${name}.db`, events)}` },
    }),
  ],
  [
    'an export alone',
    async (name: string, events: readonly StoredEvent[]) => ({ options: ['--export', await writeExport(`${name}.jsonl`, events)], environment: {} }),
  ],
] as const)('verify on %s', (_, write) => {
  const verify = async (name: string, events: readonly StoredEvent[], checkpoints: readonly string[] = [checkpoint]) => {
    const { options, environment } = await write(name, events);
    return auditJson<Verified>(['verify', ...options, ...checkpoints.flatMap((file) => ['--checkpoint', file]), '--key', key], environment);
  };

  it('finds nothing where nobody was', async () =>
    expect(await verify('untouched', history, [older, checkpoint])).toMatchObject({ exitCode: 0, found: { ok: true, findings: [] } }));

  it.each(tampered)('finds and names %s', async (what, events, reason, finding) => {
    const { exitCode, found } = await verify(what.replaceAll(/\W+/g, '-'), events());
    expect(exitCode).toBe(1);
    expect(found.findings).toContainEqual(expect.objectContaining({ reason, ...finding }));
  });

  it('finds a history chained anew by an older checkpoint, where all else is in order', async () => {
    const events = rechained();
    const size = history.findIndex(({ type }) => type === 'CreditsAdjusted') + 1;
    expect(await verify('rechained-alone', events, [])).toMatchObject({ exitCode: 0 });
    expect(await verify('rechained-older', events, [older, writeCheckpoint('then.txt', history, size)])).toMatchObject({
      exitCode: 1,
      found: { findings: [{ reason: 'rewritten', position: 13, upTo: size }] },
    });
  });
});

describe('verify', () => {
  it('finds a checkpoint that the key did not sign', async () => {
    const file = await writeExport('forged-checkpoint.jsonl', history);
    const forged = inFolder('forged.txt');
    writeFileSync(forged, readFileSync(older, 'utf8').replace('\n12\n', '\n13\n'));
    const { exitCode, found } = await auditJson<Verified>(['verify', '--export', file, '--checkpoint', forged, '--key', key]);
    expect([exitCode, found.findings.map(({ reason }) => reason)]).toEqual([1, ['rewritten', 'forged']]);
  });

  it('says in words where to look, and what it means', async () => {
    const file = await writeExport('words.jsonl', history.toSpliced(at(fifth), 1));
    const { exitCode, error } = await audit(['verify', '--export', file]);
    expect(exitCode).toBe(1);
    expect(error).toMatch(new RegExp(`dropped +credit-${shop} +5 +${ofShop[6]!.position} +this event is missing; the next one lies there`));
  });

  it('finds a balance that differs from what the service reports', async () => {
    const views: Record<string, object> = {};
    const replayed = await auditJson<{ accounts: { account: string; poolMilliCredits: number; quotasMilliCredits: number }[] }>([
      'replay',
      '--export',
      await writeExport('reported.jsonl', history),
    ]);
    for (const { account, poolMilliCredits, quotasMilliCredits } of replayed.found.accounts)
      views[account] = {
        name: account,
        description: '',
        creditsLeft: Math.floor(poolMilliCredits / 10) / 100,
        creditsHoldByQuota: Math.floor(quotasMilliCredits / 10) / 100,
        userQuantityWithQuota: account === shop ? 1 : 0,
        callBack: null,
        stopCallBack: null,
      };
    const server = createServer((request, response) =>
      response.end(JSON.stringify(request.url === '/operator/accounts' ? Object.keys(views) : views[request.url?.split('/').at(-1) ?? ''])),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const environment = {
      KWOTA_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      KWOTA_OPERATOR_TOKEN: 'x',
      KWOTA_EVENT_STORE_URL: `sqlite:${await writeStore('reported.db', history)}`,
    };
    expect(await auditJson(['verify'], environment)).toMatchObject({ exitCode: 0, found: { comparison: { outcome: 'equal', accounts: 2 } } });
    views[shop] = { ...views[shop], creditsLeft: 1 };
    expect(await auditJson(['verify'], environment)).toMatchObject({
      exitCode: 1,
      found: { ok: false, findings: [{ reason: 'balance-differs', stream: `credit-${shop}` }] },
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('reads an export alone: no event store, no network', async () => {
    const file = await writeExport('alone.jsonl', history);
    const unreachable = { KWOTA_URL: 'http://127.0.0.1:9', KWOTA_OPERATOR_TOKEN: 'x', KWOTA_EVENT_STORE_URL: 'postgres://nobody@127.0.0.1:9/none' };
    expect(await auditJson(['verify', '--export', file], unreachable)).toMatchObject({ exitCode: 0, found: { comparison: { outcome: 'not-compared' } } });
  });

  it('does not take an export that was cut off', async () => {
    const file = await writeExport('cut.jsonl', history);
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -40));
    expect(await audit(['verify', '--export', file])).toMatchObject({ exitCode: 1, error: expect.stringContaining('cannot be read') });
  });

  it('an empty history is right', async () =>
    expect(await auditJson(['verify', '--export', await writeExport('empty.jsonl', new WrittenHistory().stored)])).toMatchObject({
      exitCode: 0,
      found: { events: 0 },
    }));
});

describe('a forged proof is found', () => {
  const proofFile = inFolder('proof.json');
  let proof: { events: { index: number; bytes: string; proof: string[] }[]; checkpoint: string };
  beforeAll(async () => {
    const file = await writeExport('proving.jsonl', history);
    expect(await audit(['prove', '1', '--export', file, '--checkpoint', checkpoint, '--since', older, '--out', proofFile])).toMatchObject({ exitCode: 0 });
    proof = JSON.parse(readFileSync(proofFile, 'utf8')) as typeof proof;
  });
  const check = async (changed: unknown, ...options: string[]) => {
    const file = inFolder('changed-proof.json');
    writeFileSync(file, JSON.stringify(changed));
    return auditJson(['check-proof', file, '--key', key, ...options]);
  };

  it('though the true one holds, also against an older checkpoint', async () =>
    expect(await check(proof, '--since', older)).toMatchObject({ exitCode: 0, found: { ok: true, size: history.length } }));

  it.each([
    [
      'another amount',
      () => ({ ...proof, events: proof.events.with(0, { ...proof.events[0]!, bytes: proof.events[0]!.bytes.replace('950', '951') }) }),
      'hash-mismatch',
    ],
    ['another place', () => ({ ...proof, events: proof.events.with(0, { ...proof.events[0]!, index: 0 }) }), 'not-included'],
    ['another step', () => ({ ...proof, events: proof.events.with(0, { ...proof.events[0]!, proof: proof.events[1]!.proof }) }), 'not-included'],
    ['another checkpoint', () => ({ ...proof, checkpoint: proof.checkpoint.replace(`\n${history.length}\n`, '\n99\n') }), 'forged'],
  ])('with %s', async (_, change, fault) => expect(await check(change())).toMatchObject({ exitCode: 1, found: { ok: false, fault } }));

  it('when it is no proof at all', async () =>
    expect(await check({ ...proof, format: 'another' })).toMatchObject({ exitCode: 1, found: { fault: 'not-a-proof' } }));

  it('and none is checked without a key', async () => expect((await audit(['check-proof', proofFile])).exitCode).toBe(2));
});
