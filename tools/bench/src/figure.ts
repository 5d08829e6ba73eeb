/** One row of the table. `goal` is DESIGN §10's, in its own words. */
export type Figure = Readonly<{ case: string; value: number; unit: string; goal?: string }>;
