import { z } from 'zod';
import { keptForDays, readJson, type MessageMetadata } from './define-topic.js';

/** What any service answers when it could not carry a request out; it may be asked again. */
const failed = z.object({ outcome: z.literal('failed'), reason: z.string() });
export type Failed = z.infer<typeof failed>;

export type RequestContract<Request, Reply> = Readonly<{
  service: string;
  name: string;
  topic: string;
  /** The CloudEvents type of the request: by it the service finds its handler. */
  type: string;
  description: string;
  requestSchema: z.ZodType<Request>;
  replySchema: z.ZodType<Reply | Failed>;
  message: (request: Request, metadata: MessageMetadata) => { topic: string; key: string; value: string; headers: Record<string, string> };
  readRequest: (value: string) => { message: Request } | { violation: string };
  readReply: (value: string) => { message: Reply | Failed } | { violation: string };
  /** Reply headers and body; Reply's schema is checked in tests, not on the way out. */
  reply: (reply: Reply | Failed, metadata: MessageMetadata) => { value: string; headers: Record<string, string> };
}>;

/** The reply when all went well, with its fields. */
export const done = <Shape extends z.ZodRawShape>(shape: Shape) => z.object({ outcome: z.literal('done'), ...shape });
/** A refusal: the service's ordered code, and a sentence for the person who asked, without secrets, texts or numbers. */
export const refused = <const Codes extends readonly [string, ...string[]], Shape extends z.ZodRawShape = Record<never, never>>(codes: Codes, shape?: Shape) =>
  z.object({ outcome: z.literal('refused'), code: z.enum(codes), ...(shape ?? ({} as Shape)) });

/** A request to a service over `kwota.requests.<service>.v1`; `keyOf` is the account, or the subject's id where there is none. */
export const defineRequest = <RequestSchema extends z.ZodType, ReplySchema extends z.ZodType>(definition: {
  service: string;
  name: string;
  description: string;
  keyOf: (request: z.infer<RequestSchema>) => string;
  request: RequestSchema;
  reply: ReplySchema;
}): RequestContract<z.infer<RequestSchema>, z.infer<ReplySchema>> => {
  const { service, name, description, keyOf, request, reply } = definition;
  const topic = requestsTopicOf(service);
  const type = `kwota.requests.${service}.${name}.v1`;
  const replySchema = z.union([reply, failed]) as unknown as z.ZodType<z.infer<ReplySchema> | Failed>;
  const headersOf = (ceType: string, { id, source, traceparent }: MessageMetadata): Record<string, string> => ({
    ce_specversion: '1.0',
    ce_type: ceType,
    ce_source: source,
    ce_id: id,
    'content-type': 'application/json',
    ...(traceparent ? { traceparent } : {}),
  });
  return {
    service,
    name,
    topic,
    type,
    description,
    requestSchema: request as unknown as z.ZodType<z.infer<RequestSchema>>,
    replySchema,
    message: (body, metadata) => ({ topic, key: keyOf(body), value: JSON.stringify(body), headers: headersOf(type, metadata) }),
    readRequest: (value) => readJson(request as unknown as z.ZodType<z.infer<RequestSchema>>, value),
    readReply: (value) => readJson(replySchema, value),
    reply: (body, metadata) => ({ value: JSON.stringify(body), headers: headersOf(`kwota.replies.${service}.${name}.v1`, metadata) }),
  };
};

export const requestsTopicOf = (service: string): string => `kwota.requests.${service}.v1`;
export const requestsKept = keptForDays(1);
