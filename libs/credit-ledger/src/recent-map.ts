/**
 * Remembers at least the newest `generationSize` entries and at most twice as many, at O(1) an entry: the older generation is forgotten as a
 * whole. A map that deletes its oldest one by one slows down, since its iterator walks over the holes.
 */
export class RecentMap<Key, Value> {
  private newer = new Map<Key, Value>();
  private older = new Map<Key, Value>();

  constructor(private readonly generationSize: number) {}

  get(key: Key): Value | undefined {
    return this.newer.get(key) ?? this.older.get(key);
  }

  has(key: Key): boolean {
    return this.newer.has(key) || this.older.has(key);
  }

  set(key: Key, value: Value): void {
    this.newer.set(key, value);
    if (this.newer.size >= this.generationSize) this.rotate();
  }

  delete(key: Key): void {
    this.newer.delete(key);
    this.older.delete(key);
  }

  /** Forgets the older generation and begins a new one. */
  rotate(): void {
    this.older = this.newer;
    this.newer = new Map();
  }

  /** Both generations, for a snapshot: older first. */
  generations(): readonly [ReadonlyMap<Key, Value>, ReadonlyMap<Key, Value>] {
    return [this.older, this.newer];
  }

  /** Takes both generations back from a snapshot. */
  restore(older: Iterable<readonly [Key, Value]>, newer: Iterable<readonly [Key, Value]>): void {
    this.older = new Map(older);
    this.newer = new Map(newer);
  }
}
