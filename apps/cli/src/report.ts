// What a command found, before anybody prints it: for a program (--json) and for a reader.

/** Kwota's exit codes (README). A mismatch of an audit counts as refused. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export type Report = Readonly<{ exitCode: ExitCode; json: unknown; text: string }>;

export const done = (json: unknown, text: string): Report => ({ exitCode: exitCodes.ok, json, text });

export const misused = (message: string): Report => ({ exitCode: exitCodes.usage, json: { outcome: 'usage', message }, text: message });

/** A row a line, columns aligned; numbers to the right. Cells are texts already. */
export const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = columns.map((column, at) => Math.max(column.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const isNumber = columns.map((_, at) => rows.length > 0 && rows.every((row) => /^-?[\d.]*$/.test(row[at] ?? '')));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (isNumber[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [columns, ...rows].map(line).join('\n');
};

/** One fact a line: name and value. */
export const facts = (entries: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join('\n');
};

/** Exact, as an auditor wants it: 1234567 milli-credits are 1234.567. */
export const exactCredits = (milliCredits: number): string => {
  const size = Math.abs(milliCredits);
  return `${milliCredits < 0 ? '-' : ''}${Math.floor(size / 1_000)}.${String(size % 1_000).padStart(3, '0')}`;
};
