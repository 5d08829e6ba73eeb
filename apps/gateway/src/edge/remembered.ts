/** What a service said holds for so long where nobody here hears of a change; whoever hears of one forgets it. */
export const rememberedMs = 10_000;
export const rememberedMax = 1_000;

/** Answers of a service by question, so that not every call asks anew. */
export class Remembered<Answer> {
  private readonly answers = new Map<string, { answer: Answer; untilMs: number }>();
  private changes = 0;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** @param ask undefined is not remembered. */
  async find(question: string, ask: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
    const known = this.answers.get(question);
    if (known && known.untilMs > this.nowMs()) return known.answer;
    const changesBefore = this.changes;
    const answer = await ask();
    // What changed while it was asked may not be in it.
    if (answer === undefined || this.changes !== changesBefore) return answer;
    if (this.answers.size >= rememberedMax) this.answers.clear();
    this.answers.set(question, { answer, untilMs: this.nowMs() + rememberedMs });
    return answer;
  }

  forgetAll(): void {
    this.changes += 1;
    this.answers.clear();
  }
}
