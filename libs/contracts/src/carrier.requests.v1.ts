import { z } from 'zod';
import { defineRequest, done, refused } from './define-request.js';
import * as f from './fields.js';

const service = 'carrier';
/** All connectors are one subject, so that their changes come in order. */
const byConnectors = () => 'connectors';

export const connectorName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);

/** SMPP 3.4, 5.2.5 and 5.2.6. */
const address = z.object({ ton: z.int().min(0).max(6), npi: z.int().min(0).max(18) });

/** How one SMSC is spoken to, without its URL, which holds a password. */
const settings = z.object({
  /** transceiver: one bind; pair: one as transmitter and one as receiver. */
  bind: z.enum(['transceiver', 'pair']),
  /** Digits that receivers begin with, without +; an empty list takes all. The longest that fits decides. */
  prefixes: z.array(z.string().regex(/^\d{1,15}$/)).max(1_000),
  /** Its share among connectors with the same prefix; 0: only when no other is there. */
  weight: z.int().min(0).max(1_000),
  /** submit_sm unanswered at a time. */
  windowSize: z.int().min(1).max(9_999),
  /** 0: no limit. */
  submitsPerSecondMax: z.int().min(0).max(100_000),
  lostAnswer: z.enum(['resend', 'never']),
  profile: z.enum(['kwota', 'generic']),
  /** What 7-bit texts are sent in: GSM 03.38 (data_coding 0), or Latin-1 (data_coding 3) where it has all their characters. */
  alphabet: z.enum(['gsm', 'latin1']),
  /** Messages of several parts: a submit_sm for each with a user data header, or one with message_payload. */
  longMessages: z.enum(['udh', 'payload']),
  /** SMPP 3.4, 5.2.17; 0 asks for no receipts, and each message ends as unknown. */
  registeredDelivery: z.int().min(0).max(31),
  validityPeriod: z.enum(['absolute', 'relative', 'none']),
  /** Whether submit_sm bears the message's priority as its priority_flag (SMPP 3.4, 5.2.14: 3 high … 0 veryLow), or 0 always; left out: it does. */
  priorityFlag: z.enum(['mapped', 'none']).optional(),
  systemType: z.string().max(12),
  serviceType: z.string().max(5),
  /** Type of number and numbering plan of senders by their kind, and of receivers. */
  addresses: z.object({ alphanumeric: address, short: address, international: address, receiver: address }),
  /** query_sm for parts without a final receipt after so many seconds, and again after as many; 0: never. */
  queryAfterSeconds: z.int().min(0).max(7 * 24 * 3_600),
  /** For ssmpp://: the certificate that signed the SMSC's, PEM; empty: those that Node.js trusts. */
  tlsCa: z.string().max(20_000),
});
export type ConnectorSettings = z.infer<typeof settings>;
export const connectorSettingsSchema = settings;
export type ConnectorChange = Partial<ConnectorSettings>;

export const setConnector = defineRequest({
  service,
  name: 'set-connector',
  description:
    'Adds a connector (`add`) or changes one; what is left out stays, or is the default. The URL, smpp:// or ssmpp:// with system_id and password, is sealed with `connector|name` as associated data.',
  keyOf: byConnectors,
  request: z.object({ name: connectorName, add: z.boolean(), sealedUrl: f.sealed.optional(), settings: settings.partial(), paused: z.boolean().optional() }),
  reply: z.union([done({}), refused(['connector-unknown', 'connector-exists', 'url-missing', 'url-not-valid', 'too-many-connectors'])]),
});

export const removeConnector = defineRequest({
  service,
  name: 'remove-connector',
  description: "Removes a connector; what it was to send goes to others. The environment's, `default`, can only be paused.",
  keyOf: byConnectors,
  request: z.object({ name: connectorName }),
  reply: z.union([done({}), refused(['connector-unknown', 'connector-of-environment'])]),
});

export const listConnectors = defineRequest({
  service,
  name: 'list-connectors',
  description: 'All connectors with what waits for them, as the carrier that answers sees them. Never their passwords.',
  keyOf: byConnectors,
  request: z.object({}),
  reply: done({
    /** Everything waits, whatever each connector's own switch. */
    paused: z.boolean(),
    connectors: z.array(
      z.object({
        name: connectorName,
        /** host:port. */
        smsc: z.string(),
        systemId: z.string(),
        settings,
        paused: z.boolean(),
        bound: z.boolean(),
        /** Why it is not bound; empty while it is. */
        problem: z.string(),
        queued: z.int().nonnegative(),
        unanswered: z.int().nonnegative(),
      }),
    ),
    /** Parts that no connector takes. */
    withoutRoute: z.int().nonnegative(),
  }),
});

export const pauseCarrier = defineRequest({
  service,
  name: 'pause-carrier',
  description: 'Everything that is to be sent waits, or goes on. After a restore the carrier is paused.',
  keyOf: byConnectors,
  request: z.object({ paused: z.boolean() }),
  reply: done({}),
});

export const cancelMessage = defineRequest({
  service,
  name: 'cancel-message',
  description: 'Takes a message out of the queue, if none of its parts was claimed for sending; it ends with DLR 16 and is not charged.',
  keyOf: ({ account }) => account,
  request: z.object({ account: f.account, messageId: f.messageId }),
  reply: z.union([done({}), refused(['message-unknown', 'message-sent'])]),
});
