import { aShopAndABank } from './audit-log.testing.js';
import { checkProof, proveEvents, type AuditProof } from './audit-proof.js';
import { checkpointText, parseCheckpoint } from './checkpoint.js';
import { leafHashOf, placeOf } from './event-leaf.js';
import { aboutMessage } from './events-of-message.js';
import { MerkleTree } from './merkle-tree.js';
import { generateSignerKey, parseSignerKey } from './note-keys.js';
import { formatNote, signNote } from './signed-note.js';

const history = aShopAndABank();
const { stored } = history;
const key = parseSignerKey(generateSignerKey('kwota.example.org/ledger', 'log'));
const witness = parseSignerKey(generateSignerKey('witness.example.net', 'witness'));
const tree = new MerkleTree();
for (const event of stored) tree.add(leafHashOf(placeOf(event)));
const checkpoint = (size: number, root = tree.root(size), keys = [key, witness]) =>
  parseCheckpoint(formatNote(signNote(checkpointText({ origin: key.name, size, root }), keys, 1_900_000_000)));
const today = checkpoint(stored.length);
const keys = [key.verifier];
const events = () => history.readAll();
const proofOf = async (...given: [messageId: number, at?: typeof today, since?: typeof today]): Promise<AuditProof> => {
  const [messageId, at = today, since] = given;
  const proving = await proveEvents(events(), (event) => aboutMessage(event, messageId) !== undefined, at, since);
  if (!proving.ok) throw new Error(proving.reason);
  return proving.proof;
};
/** With one event changed. */
const bent = (proof: AuditProof, change: Partial<AuditProof['events'][number]>, at = 0): AuditProof => ({
  ...proof,
  events: proof.events.with(at, { ...proof.events[at]!, ...change }),
});

describe('a proof', () => {
  it('of one charge is its hold and its capture, in a checkpoint that a known key signed', async () => {
    const proof = await proofOf(1);
    expect(proof.events.map(({ bytes }) => (JSON.parse(bytes) as { type: string }).type)).toEqual(['CreditsHeld', 'CreditsCaptured']);
    expect(checkProof(proof, keys)).toMatchObject({ ok: true, signedBy: [{ name: key.name }] });
    expect(checkProof(proof, [...keys, witness.verifier])).toMatchObject({
      ok: true,
      signedBy: [{ name: key.name }, { name: witness.name, timeSeconds: 1_900_000_000 }],
    });
  });

  it('says which events are younger than the checkpoint', async () => {
    const held = stored.findIndex((event) => aboutMessage(event, 1));
    const proving = await proveEvents(events(), (event) => aboutMessage(event, 1) !== undefined, checkpoint(held + 1));
    expect(proving).toMatchObject({ ok: true, proof: { events: [{ index: held }] }, unsealed: [{ type: 'CreditsCaptured' }] });
  });

  it('is not made of a history that is not the one that was signed', async () => {
    const prove = (at: typeof today, since?: typeof today) => proveEvents(events(), () => true, at, since);
    expect(await prove(checkpoint(5, tree.root(6)))).toEqual({ ok: false, reason: 'rewritten' });
    expect(await prove(checkpoint(stored.length + 1, tree.root()))).toEqual({ ok: false, reason: 'tail-dropped' });
    expect(await prove(today, checkpoint(5, tree.root(6)))).toEqual({ ok: false, reason: 'since-differs' });
  });

  it('goes on from an older checkpoint of the one who checks it', async () => {
    const older = checkpoint(9);
    const proof = await proofOf(1, today, older);
    expect(checkProof(proof, keys, older)).toMatchObject({ ok: true });
    expect(checkProof(proof, keys, checkpoint(9, tree.root(8)))).toMatchObject({ ok: false, fault: 'inconsistent' });
    expect(checkProof(proof, keys, checkpoint(8))).toMatchObject({ ok: false, fault: 'inconsistent' });
    expect(checkProof(await proofOf(1), keys, older)).toMatchObject({ ok: false, fault: 'inconsistent' });
  });

  it.each([
    ['a changed amount', { bytes: 'amount' }, 'hash-mismatch'],
    ['another hash before', { previousHash: '00'.repeat(32) }, 'hash-mismatch'],
    ['a revision that its bytes do not say', { revision: 99 }, 'wrong-place'],
    ['another index', { index: 3 }, 'not-included'],
    ['a step less', { proof: [] }, 'not-included'],
    ['a step that is no hash', { proof: ['AAAA'] }, 'not-included'],
  ] as const)('is forged with %s', async (_, change, fault) => {
    const proof = await proofOf(1);
    const changed = 'bytes' in change ? { bytes: proof.events[0]!.bytes.replace('950', '951') } : change;
    expect(checkProof(bent(proof, changed), keys)).toMatchObject({ ok: false, fault });
  });

  it('is forged with bytes and hash made new: the tree has another hash there', async () => {
    const proof = await proofOf(1);
    const other = await proofOf(2);
    const { bytes, previousHash, hash, revision } = other.events[0]!;
    expect(checkProof(bent(proof, { bytes, previousHash, hash, revision }), keys)).toMatchObject({ ok: false, fault: 'not-included' });
  });

  it.each([
    ['no checkpoint', () => 'nothing', 'not-a-checkpoint'],
    ['another size under the same signature', (text: string) => text.replace(`\n${stored.length}\n`, `\n${stored.length - 1}\n`), 'forged'],
    ['a signature of another', () => formatNote(signNote(today.note.text, [parseSignerKey(generateSignerKey(key.name, 'log'))])), 'not-signed'],
    ['a witness alone', () => formatNote(signNote(today.note.text, [witness], 1)), 'not-signed'],
  ])('is worth nothing with %s', async (_, change, fault) => {
    const proof = await proofOf(1);
    expect(checkProof({ ...proof, checkpoint: change(proof.checkpoint) }, [...keys, witness.verifier])).toMatchObject({ ok: false, fault });
  });
});
