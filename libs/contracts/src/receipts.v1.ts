import { z } from 'zod';
import { defineTopic, keptForDays } from './define-topic.js';
import * as f from './fields.js';

/** News of one part of a message from the operator's side, mapped by delivery-codes and with the raw codes kept. */
const part = z.object({
  kind: z.literal('part'),
  account: f.account,
  messageId: f.messageId,
  /** From 1. */
  part: f.parts,
  parts: f.parts,
  /** submitted: the SMSC took it · refused: submit_sm was refused · receipt: a delivery receipt · expired: never submitted within the validity · withdrawn: dropped before it was submitted. */
  stage: z.enum(['submitted', 'refused', 'receipt', 'expired', 'withdrawn']),
  ptt: f.ptt,
  dlr: f.dlr,
  final: z.boolean(),
  /** False: a code that delivery-codes does not know, passed on as it came. */
  recognised: z.boolean(),
  atMs: f.timeMs,
  raw: z.object({
    connector: z.string(),
    smscId: z.string().optional(),
    commandStatus: z.int().optional(),
    stat: z.string().optional(),
    err: z.string().optional(),
    messageState: z.int().optional(),
  }),
});

const receipt = z.discriminatedUnion('kind', [part]);
export type PartReceipt = z.infer<typeof part>;
export type Receipt = z.infer<typeof receipt>;

export const receipts = defineTopic({
  noun: 'receipts',
  audience: 'work',
  kept: keptForDays(14),
  personalData: true,
  keyOf: ({ account }) => account,
  description: 'What the SMSC said of each part, from the carrier to dlr.',
  schema: receipt,
});
