import { z } from 'zod';

const dayMs = 24 * 60 * 60 * 1_000;
/** Work and public facts alike: long enough to repair a consumer over a fortnight (DESIGN §5). */
export const keptForDays = (days: number) => ({ kind: 'for', retentionMs: days * dayMs }) as const;
export const compacted = { kind: 'compacted' } as const;
export const ephemeral = { kind: 'ephemeral', retentionMs: dayMs } as const;

/** What reading a message gives: refusals are values, `@kwota/messaging/read-message` turns them into acknowledge, dead letter or stop. */
export type ReadResult<Message> =
  | { readonly message: Message }
  /** A kind or a version that a later writer has and this reader does not know. */
  | { readonly unknownType: string }
  /** Not of the contract: which fields, never their values. */
  | { readonly violation: string };

export type MessageMetadata = Readonly<{ id: string; source: string; traceparent?: string | undefined }>;

export type TopicContract<Message> = Readonly<{
  topic: string;
  noun: string;
  /** `work` is for one consumer and stops at what it does not know; `facts` are public, and readers skip what they do not know. */
  audience: 'work' | 'facts';
  discriminator: 'kind' | 'type';
  kept: ReturnType<typeof keptForDays> | typeof compacted | typeof ephemeral;
  /** True where texts and telephone numbers may be in it. */
  personalData: boolean;
  /** Senders wait while its messages are handled. */
  isAwaited?: boolean;
  keyOf: (message: Message) => string;
  description: string;
  schema: z.ZodType<Message>;
  /** Kebab-case names of its messages, as they end the CloudEvents type. */
  names: readonly string[];
  /** The message as the log takes it, with its CloudEvents headers (Kafka protocol binding, binary mode). */
  message: (message: Message, metadata: MessageMetadata) => { topic: string; key: string; value: string; headers: Record<string, string>; content: Message };
  read: (value: string, ceType: string | undefined) => ReadResult<Message>;
}>;

export const kebab = (name: string): string => name.replaceAll(/(?<=[a-z0-9])([A-Z])/g, '-$1').toLowerCase();

/** One topic of version 1. `schema` is a union discriminated by `kind` (work) or `type` (facts). */
export const defineTopic = <Schema extends z.ZodDiscriminatedUnion>(definition: {
  noun: string;
  audience: 'work' | 'facts';
  kept: TopicContract<unknown>['kept'];
  personalData: boolean;
  isAwaited?: boolean;
  keyOf: (message: z.infer<Schema>) => string;
  description: string;
  schema: Schema;
}): TopicContract<z.infer<Schema>> => {
  type Message = z.infer<Schema>;
  const { noun, schema, keyOf } = definition;
  const topic = `kwota.${noun}.v1`;
  const discriminator = schema.def.discriminator as 'kind' | 'type';
  const types = new Map(
    (schema.options as readonly z.ZodObject[]).map((option) => {
      const name = (option.shape[discriminator] as z.ZodLiteral<string>).value;
      return [name, `kwota.${noun}.${kebab(name)}.v1`];
    }),
  );
  const knownTypes = new Set(types.values());
  return {
    ...definition,
    topic,
    discriminator,
    schema: schema as unknown as z.ZodType<Message>,
    names: [...types.keys()].map(kebab),
    message: (message, { id, source, traceparent }) => {
      const type = types.get((message as Record<string, string>)[discriminator] ?? '');
      if (!type) throw new TypeError(`${topic} has no such ${discriminator}`);
      const headers: Record<string, string> = {
        ce_specversion: '1.0',
        ce_type: type,
        ce_source: source,
        ce_id: id,
        'content-type': 'application/json',
      };
      if (traceparent) headers['traceparent'] = traceparent;
      return { topic, key: keyOf(message), value: JSON.stringify(message), headers, content: message };
    },
    read: (value, ceType) => {
      if (ceType !== undefined && !knownTypes.has(ceType)) return { unknownType: ceType };
      return readJson(schema as unknown as z.ZodType<Message>, value);
    },
  };
};

/** JSON text to a value of the schema. Fields that the schema does not know are dropped: a later writer may have added them. */
export const readJson = <Value>(schema: z.ZodType<Value>, text: string): { message: Value } | { violation: string } => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { violation: 'not JSON' };
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? { message: parsed.data } : { violation: violationOf(parsed.error) };
};

/** Names the fields and the rules, never the values: they may be texts or numbers. */
const violationOf = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.map(String).join('.') || 'message'}: ${issue.code}`).join('; ');
