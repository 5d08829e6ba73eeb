/** Appends to one stream one after the other, in the order of the calls; those to others beside them, up to a weight together. */
export class AppendLanes {
  private readonly last = new Map<string, Promise<unknown>>();
  /** In the order of the calls: a heavy one is not passed by light ones for ever. */
  private readonly waiting: { weight: number; begin: () => void }[] = [];
  private underWay = 0;
  private count = 0;
  private whenIdle: (() => void)[] = [];

  constructor(private readonly weightMax: number) {}

  get isIdle(): boolean {
    return this.count === 0;
  }

  run<Result>(stream: string, weight: number, append: () => Promise<Result>): Promise<Result> {
    const bounded = Math.min(weight, this.weightMax);
    this.count += 1;
    const before = this.last.get(stream) ?? Promise.resolve();
    const mine = before.then(async () => {
      await this.room(bounded);
      try {
        return await append();
      } finally {
        this.left(bounded);
      }
    });
    // An append that fails keeps none of the next from trying: their expected revisions tell.
    const settled: Promise<void> = mine.then(
      () => this.done(stream, settled),
      () => this.done(stream, settled),
    );
    this.last.set(stream, settled);
    return mine;
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => this.whenIdle.push(resolve));
  }

  private room(weight: number): Promise<void> {
    return new Promise((begin) => {
      this.waiting.push({ weight, begin });
      this.beginNext();
    });
  }

  private left(weight: number): void {
    this.underWay -= weight;
    this.beginNext();
  }

  private beginNext(): void {
    for (let next; (next = this.waiting[0]) && this.underWay + next.weight <= this.weightMax; ) {
      this.waiting.shift();
      this.underWay += next.weight;
      next.begin();
    }
  }

  private done(stream: string, settled: Promise<unknown>): void {
    if (this.last.get(stream) === settled) this.last.delete(stream);
    this.count -= 1;
    if (this.count === 0) for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}
