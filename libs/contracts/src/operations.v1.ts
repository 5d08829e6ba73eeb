import { z } from 'zod';
import { connectorName } from './carrier.requests.v1.js';
import { defineTopic, keptForDays } from './define-topic.js';
import * as f from './fields.js';

/** A carrier has not been bound to an SMSC for some minutes, though it should be. Each carrier tells of its own binds. */
const connectorDown = z.object({
  type: z.literal('ConnectorDown'),
  connector: connectorName,
  /** In the operator's words, without the password: `ECONNREFUSED`, `no answer to an enquire_link`. */
  problem: z.string().max(200),
  downSinceMs: f.timeMs,
  atMs: f.timeMs,
});

/** An SMSC used a code that delivery-codes does not know; at most once an hour for each code. */
const codeUnrecognised = z.object({
  type: z.literal('CodeUnrecognised'),
  connector: connectorName,
  /** refused: of a submit_sm's answer · receipt: of a delivery receipt. */
  stage: z.enum(['refused', 'receipt']),
  commandStatus: z.int().optional(),
  stat: z.string().max(64).optional(),
  err: z.string().max(64).optional(),
  messageState: z.int().optional(),
  atMs: f.timeMs,
});

const event = z.discriminatedUnion('type', [connectorDown, codeUnrecognised]);
export type ConnectorDown = z.infer<typeof connectorDown>;
export type CodeUnrecognised = z.infer<typeof codeUnrecognised>;
export type OperationsEvent = z.infer<typeof event>;

export const operations = defineTopic({
  noun: 'operations',
  audience: 'facts',
  kept: keptForDays(14),
  personalData: false,
  keyOf: ({ connector }) => connector,
  description: 'What whoever runs the installation is to know of its SMSCs, from carrier.',
  schema: event,
});
