type Row = Readonly<{ step: string; expected: unknown; seen: unknown; ok: boolean }>;

/** What was expected beside what was seen, as a table by chapter. */
export class Checks {
  private readonly chapters: { title: string; rows: Row[] }[] = [];

  get differences(): number {
    return this.chapters.flatMap(({ rows }) => rows).filter(({ ok }) => !ok).length;
  }

  chapter(title: string): void {
    this.chapters.push({ title, rows: [] });
  }

  expect(step: string, expected: unknown, seen: unknown): void {
    this.chapters.at(-1)?.rows.push({ step, expected, seen, ok: JSON.stringify(expected) === JSON.stringify(seen) });
  }

  print(): void {
    for (const { title, rows } of this.chapters) {
      console.log(`\n${title}`);
      for (const { step, expected, seen, ok } of rows)
        console.log(`  ${ok ? 'ok  ' : 'DIFF'} ${step.padEnd(52)} ${ok ? String(seen) : `expected ${JSON.stringify(expected)}, seen ${JSON.stringify(seen)}`}`);
    }
  }
}
