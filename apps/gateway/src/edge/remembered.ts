import { ServiceUnavailable } from '@kwota/service-kit/request-client';

/** What a service said holds for so long where nobody here hears of a change; whoever hears of one forgets it. */
export const rememberedMs = 10_000;
export const rememberedMax = 1_000;

/** Answers of a service by question, so that not every call asks anew. While the service is away nothing can change there: what it said last holds. */
export class Remembered<Answer> {
  private readonly answers = new Map<string, { answer: Answer; untilMs: number }>();
  private changes = 0;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** @param ask neither undefined nor a refusal that it throws is remembered. */
  async find(question: string, ask: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
    const known = this.answers.get(question);
    if (known && known.untilMs > this.nowMs()) return known.answer;
    const changesBefore = this.changes;
    const answer = await ask().catch((error: unknown) => {
      const isAway = error instanceof ServiceUnavailable;
      if (isAway && known && this.changes === changesBefore) return known.answer;
      if (!isAway) this.answers.delete(question);
      throw error;
    });
    // What changed while it was asked may not be in it.
    if (this.changes !== changesBefore) return answer;
    if (answer === undefined) {
      this.answers.delete(question);
      return undefined;
    }
    if (this.answers.size >= rememberedMax) this.answers.clear();
    this.answers.set(question, { answer, untilMs: this.nowMs() + rememberedMs });
    return answer;
  }

  forgetAll(): void {
    this.changes += 1;
    this.answers.clear();
  }
}
