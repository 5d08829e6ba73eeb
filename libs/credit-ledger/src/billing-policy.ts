import type { PartOutcome } from './credit-commands.js';

/** Which finals are not billed: all of a DLR id, or single ptt codes of one. Versioned, so that an auditor can fold by the rule of then. */
export type BillingPolicy = Readonly<{
  version: number;
  notBilledDlrs: readonly number[];
  notBilled: readonly PartOutcome[];
}>;

/** OVH.md §9: by default DLR 16 alone ("error / not billed") gives the credit back. */
export const billingPolicyV1: BillingPolicy = { version: 1, notBilledDlrs: [16], notBilled: [] };

export const isBilled = ({ notBilledDlrs, notBilled }: BillingPolicy, part: PartOutcome): boolean =>
  !notBilledDlrs.includes(part.dlr) && !notBilled.some(({ dlr, ptt }) => dlr === part.dlr && ptt === part.ptt);
