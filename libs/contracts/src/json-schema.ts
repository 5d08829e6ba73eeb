import { z } from 'zod';

export type JsonSchema = Readonly<{
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
  items?: JsonSchema;
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  [keyword: string]: unknown;
}>;

/** A schema as JSON Schema draft 7, which AsyncAPI takes as it is. It allows unknown fields, as every reader of ours does. */
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema => {
  const exported = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  return Object.fromEntries(Object.entries(exported).filter(([keyword]) => keyword !== '$schema'));
};

/** The alternatives of a union, those within its alternatives included; a schema that is no union is its only one. */
export const alternativesOf = (schema: JsonSchema): readonly JsonSchema[] => {
  const alternatives = schema.oneOf ?? schema.anyOf;
  return alternatives ? alternatives.flatMap(alternativesOf) : [schema];
};
