import { decodeEvent } from '@kwota/audit-log';
import { billingPolicyV1, parseRatesFile, type PartOutcome } from '@kwota/credit-ledger';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { onSource, type AuditContext } from '../audit-source/audit-source.js';
import { done, exactCredits, misused, table, type Report } from '../report.js';
import { WhatIf, type AccountWhatIf, type OtherPolicies } from './what-if.js';

export type WhatIfOptions = Readonly<{ export?: string; rates?: string; billing?: string; finals?: string }>;

const billingFile = z.strictObject({ notBilledDlrs: z.array(z.int()), notBilled: z.array(z.strictObject({ dlr: z.int(), ptt: z.int() })).default([]) });
/** As kwota.delivery.v1 has them; other lines and fields are left alone. */
const finalLine = z.looseObject({ messageId: z.int(), final: z.literal(true), parts: z.array(z.looseObject({ dlr: z.int(), ptt: z.int() })) });

/** Another rates file (as KWOTA_RATES_FILE) or another billing policy: the difference for each account. What was refused then stays refused. */
export const whatIfCommand = (context: AuditContext, options: WhatIfOptions): Promise<Report> => {
  const policies = policiesOf(options);
  if (!policies.ok) return Promise.resolve(misused(policies.message));
  return onSource(context, options.export, async (source) => {
    const whatIf = new WhatIf(policies.policies);
    for await (const { data } of source.readAll()) whatIf.take(decodeEvent(data));
    return reportOf(whatIf.accountsUnderOtherPolicies());
  });
};

type PoliciesOr = Readonly<{ ok: true; policies: OtherPolicies }> | Readonly<{ ok: false; message: string }>;

const policiesOf = ({ rates, billing, finals }: WhatIfOptions): PoliciesOr => {
  if (rates === undefined && billing === undefined) return { ok: false, message: 'name other rates (--rates FILE) or another billing policy (--billing FILE)' };
  for (const file of [rates, billing, finals]) if (file !== undefined && !existsSync(file)) return { ok: false, message: `${file} is not there` };
  try {
    return {
      ok: true,
      policies: {
        ...(rates === undefined ? {} : { rates: parseRatesFile(JSON.parse(readFileSync(rates, 'utf8')), 0) }),
        ...(billing === undefined
          ? {}
          : { billing: { version: billingPolicyV1.version + 1, ...billingFile.parse(JSON.parse(readFileSync(billing, 'utf8'))) } }),
        ...(finals === undefined ? {} : { finals: finalsOf(readFileSync(finals, 'utf8')) }),
      },
    };
  } catch (error) {
    return { ok: false, message: `the policy cannot be read: ${error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message}` };
  }
};

/** A message may end twice: a real receipt after a silence. The later one counts. */
const finalsOf = (lines: string): ReadonlyMap<number, readonly PartOutcome[]> => {
  const finals = new Map<number, readonly PartOutcome[]>();
  for (const line of lines.split('\n').filter((text) => text.trim() !== '')) {
    const final = finalLine.safeParse(JSON.parse(line));
    if (final.success)
      finals.set(
        final.data.messageId,
        final.data.parts.map(({ dlr, ptt }) => ({ dlr, ptt })),
      );
  }
  return finals;
};

const reportOf = (accounts: readonly AccountWhatIf[]): Report => {
  const range = (least: number, most: number): string => (least === most ? exactCredits(least) : `${exactCredits(least)} to ${exactCredits(most)}`);
  const rows = accounts.map(({ account, messages, chargedMilliCredits, leastMilliCredits, mostMilliCredits, uncertain }) => [
    account,
    String(messages),
    exactCredits(chargedMilliCredits),
    range(leastMilliCredits, mostMilliCredits),
    range(leastMilliCredits - chargedMilliCredits, mostMilliCredits - chargedMilliCredits),
    String(uncertain),
  ]);
  const withDifference = accounts.map((account) => ({
    ...account,
    differenceLeastMilliCredits: account.leastMilliCredits - account.chargedMilliCredits,
    differenceMostMilliCredits: account.mostMilliCredits - account.chargedMilliCredits,
  }));
  const uncertain = accounts.reduce((sum, account) => sum + account.uncertain, 0);
  const why =
    uncertain > 0
      ? [
          `of ${uncertain} messages the ledger does not hold enough (no number, no final code): the least and the most are shown; --finals FILE tells final codes`,
        ]
      : [];
  return done({ accounts: withDifference }, [table(['account', 'messages', 'charged', 'would be', 'difference', 'uncertain'], rows), ...why].join('\n'));
};
