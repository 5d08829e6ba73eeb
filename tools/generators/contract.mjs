import { namesOf } from './names.mjs';

/** A topic of public facts with one event and its golden example; put it in libs/contracts/src/all.ts, then export the contracts. */
export default async (tree, { name }) => {
  const { kebab, camel, pascal } = namesOf(name);
  tree.write(
    `libs/contracts/src/${kebab}.v1.ts`,
    `import { z } from 'zod';
import { defineTopic, keptForDays } from './define-topic.js';
import * as f from './fields.js';

const ${camel}Changed = z.object({
  type: z.literal('${pascal}Changed'),
  account: f.account,
  atMs: f.timeMs,
});

const event = z.discriminatedUnion('type', [${camel}Changed]);
export type ${pascal}Changed = z.infer<typeof ${camel}Changed>;

export const ${camel} = defineTopic({
  noun: '${kebab}',
  audience: 'facts',
  kept: keptForDays(14),
  personalData: false,
  keyOf: ({ account }) => account,
  description: 'What it tells, and from whom.',
  schema: event,
});
`,
  );
  const golden = { [`${kebab}-changed`]: { type: `${pascal}Changed`, account: 'sms-kw00001-1', atMs: 1795435200000 } };
  tree.write(`libs/contracts/golden/${kebab}.json`, `${JSON.stringify(golden, null, 2)}\n`);
};
