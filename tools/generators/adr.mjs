/** The next free number; ADRs are numbered and never deleted. */
export default async (tree, { title }) => {
  const numbers = tree.children('docs/adr').map((file) => Number(/^(\d{4})-/.exec(file)?.[1] ?? 0));
  const number = String(Math.max(0, ...numbers) + 1).padStart(4, '0');
  const slug = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
  tree.write(
    `docs/adr/${number}-${slug}.md`,
    `# ${Number(number)}. ${title}

Status: accepted

## Context

What forces a decision, with the figures that were measured.

## Decision

What is done.

## Consequences

What becomes easier, what harder, and what would make us decide anew.
`,
  );
};
