import { reducerVersion, type CreditAccount } from '@kwota/credit-ledger';
import { noStreamYet, type EventStore } from '@kwota/event-store';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { accountOf, applyTo, emptyAccount, isCreditStream, loadSnapshot, streamOf } from '../credit-accounts/fold-account.js';
import { pack, snapshotBody } from '../credit-accounts/snapshot-body.js';

/** So many events at a time, one or two milliseconds' work, then whoever waits has a turn. */
const eventsPerTurn = 200;

const compared = [
  'status',
  'poolMilliCredits',
  'quotasMilliCredits',
  'heldMilliCredits',
  'consumedMilliCredits',
  'purchasedMilliCredits',
  'adjustedMilliCredits',
  'transferredInMilliCredits',
  'transferredOutMilliCredits',
] as const;

/** The running state and its own events disagree: a bug. Nothing is snapshotted, and the ledger says that it is not ready. */
export class StateDiffers extends Error {
  override readonly name = 'StateDiffers';
}

/** Snapshots of all accounts, made by folding their events again: each is also a check of the running state (DESIGN §4). */
export class TakeSnapshotsHandler {
  private coveredUpTo = 0;

  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly store: EventStore,
    /** Of several ledgers each takes those of its own accounts. */
    private readonly owns: (account: string) => boolean = () => true,
    /** Waits its turn: others come first. */
    private readonly giveWay: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve)),
    /** By stream, up to where its facts are out: what lies behind must be read again by whoever starts, hence in no snapshot. Undefined: all are. */
    private readonly published: () => Promise<ReadonlyMap<string, number> | undefined> = async () => undefined,
  ) {}

  /**
   * `upTo`: the position of an event that is durable, where this ledger has all accounts; its start reads on from there once this has
   * resolved. Undefined where others have some. @throws StateDiffers
   */
  async handle(upTo: number | undefined): Promise<void> {
    let last: { account: string; revision: number; hash: Uint8Array; packed: Uint8Array } | undefined;
    let isWhole = true;
    const published = await this.published();
    for (const { stream, revision: head } of await this.store.streams()) {
      if (!isCreditStream(stream)) continue;
      const account = accountOf(stream);
      if (!this.owns(account)) continue;
      const revision = published ? Math.min(head, published.get(stream) ?? noStreamYet) : head;
      isWhole &&= revision === head;
      if (revision === noStreamYet) continue;
      const snapshot = await loadSnapshot(this.store, account);
      const known = snapshot?.known ?? emptyAccount(account);
      this.coveredUpTo = Math.max(this.coveredUpTo, snapshot?.coveredUpTo ?? 0);
      let packed = snapshot?.packed;
      if (packed === undefined || known.state.revision < revision) {
        await this.foldUpTo(revision, known);
        this.compare(known.state);
        packed = await pack(known.state, this.giveWay);
        await this.save(account, known.state.revision, known.hash, packed, this.coveredUpTo);
      }
      last = { account, revision: known.state.revision, hash: known.hash, packed };
    }
    if (!last || !isWhole || upTo === undefined) return;
    // Only now all of them stand for what lies up to there.
    await this.save(last.account, last.revision, last.hash, last.packed, upTo);
    this.coveredUpTo = upTo;
  }

  private async foldUpTo(revision: number, known: Parameters<typeof applyTo>[0]): Promise<void> {
    for await (const event of this.store.readStream(streamOf(known.account), known.state.revision + 1)) {
      if (event.revision > revision) return;
      applyTo(known, event);
      if (event.revision % eventsPerTurn === 0) await this.giveWay();
    }
  }

  /** Where the running state has gone on meanwhile there is nothing to compare with. */
  private compare(folded: CreditAccount): void {
    const running = this.accounts.find(folded.account)?.state;
    if (running?.revision !== folded.revision) return;
    const differing = compared.filter((field) => running[field] !== folded[field]);
    if (differing.length > 0) throw new StateDiffers(`${folded.account} at revision ${folded.revision}: ${differing.join(', ')}`);
  }

  private save(account: string, revision: number, hash: Uint8Array, packed: Uint8Array, coveredUpTo: number): Promise<void> {
    return this.store.saveSnapshot(streamOf(account), { revision, hash, reducerVersion, body: snapshotBody(coveredUpTo, packed) });
  }
}
