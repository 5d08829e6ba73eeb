export type PartHealth = Readonly<{ ready: boolean; reasons: readonly string[]; warnings?: readonly string[] }>;

/** What a service needs to do its work, asked anew at each look. */
export class Health {
  private readonly parts = new Map<string, () => PartHealth>();

  add(part: string, look: () => PartHealth): this {
    this.parts.set(part, look);
    return this;
  }

  /** Ready when every part is. */
  look(): { ready: boolean; parts: Record<string, PartHealth> } {
    const parts = Object.fromEntries([...this.parts].map(([part, look]) => [part, look()]));
    return { ready: Object.values(parts).every(({ ready }) => ready), parts };
  }
}
