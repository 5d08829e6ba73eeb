import type { RatingPolicy } from '@kwota/credit-ledger';

/** What a message costs, and how long it may be under way, as Nest hands it round. */
export class LedgerSettings {
  constructor(
    readonly rating: RatingPolicy,
    /** OVH.md 9: 72 hours, counted from acceptance or the deferred time. */
    readonly defaultValidityMs: number = 72 * 60 * 60 * 1_000,
    /** DESIGN §3.6: the net under dlr's own final for silence. */
    readonly forgottenAfterMs: number = 7 * 24 * 60 * 60 * 1_000,
  ) {}
}
