import type { SendSubmission } from '@kwota/contracts/submissions.v1';
import { priceOf, type ClientKey, type HoldCredits } from '@kwota/credit-ledger';
import { hash } from 'node:crypto';
import type { LedgerSettings } from '../ledger-settings.js';

/** A submission as the aggregate takes it: prices and digests in the place of texts, numbers and clients' own words. */
export const holdCommandOf = (submission: SendSubmission, settings: LedgerSettings, loggedAtMs: number): Omit<HoldCredits, 'alreadyApplied'> => {
  const { userId, messageIds, receivers, parts, source, deferredUntilMs = 0, validityMs = settings.defaultValidityMs, deadlineMs } = submission;
  return {
    type: 'HoldCredits',
    userId,
    messages: messageIds.map((messageId, index) => {
      const { destination, amountMilliCredits } = priceOf(settings.rating, receivers[index] ?? '', parts);
      return { messageId, parts, destination, amountMilliCredits };
    }),
    rateVersion: settings.rating.version,
    source,
    settleByMs: Math.max(deferredUntilMs, loggedAtMs) + validityMs + settings.forgottenAfterMs,
    fingerprint: fingerprintOf(submission),
    clientKey: clientKeyOf(submission),
    deadlineMs,
  };
};

/** What a client chose as its key may be free text: the ledger keeps digests alone. */
const clientKeyOf = ({ clientKey, bodyDigest }: SendSubmission): ClientKey | undefined =>
  clientKey === undefined ? undefined : { keyDigest: hash('sha256', clientKey, 'hex'), bodyDigest: bodyDigest ?? '' };

/**
 * SHA-256 of the content but deadline, time, reply-to and trace (DESIGN §3): the same ids with another fingerprint are a conflict. Nor is the priority in it, which says
 * when and not what: a ledger of the version before does not see it, and what that one has held is the same submission here.
 */
const fingerprintOf = ({ account, userId, messageIds, receivers, sender, text, coding, parts, noStop, source, tag, messageClass, deferredUntilMs, validityMs, clientKey, bodyDigest }: SendSubmission): string =>
  hash(
    'sha256',
    JSON.stringify([account, userId, messageIds, receivers, sender, text, coding, parts, noStop, source, tag, messageClass, deferredUntilMs, validityMs, clientKey, bodyDigest]),
    'base64url' as 'base64',
  );
