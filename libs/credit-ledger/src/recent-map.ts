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

  /** Gives what it forgets by that. */
  set(key: Key, value: Value): ReadonlyMap<Key, Value> | undefined {
    this.newer.set(key, value);
    return this.newer.size >= this.generationSize ? this.rotate() : undefined;
  }

  delete(key: Key): void {
    this.newer.delete(key);
    this.older.delete(key);
  }

  /** Forgets the older generation, which it gives, and begins a new one. */
  rotate(): ReadonlyMap<Key, Value> {
    const forgotten = this.older;
    this.older = this.newer;
    this.newer = new Map();
    return forgotten;
  }

  /** Both generations, for a snapshot: older first. */
  generations(): readonly [ReadonlyMap<Key, Value>, ReadonlyMap<Key, Value>] {
    return [this.older, this.newer];
  }

  /** Takes an entry of the older (0) or newer (1) generation back from a snapshot. */
  restore(generation: 0 | 1, key: Key, value: Value): void {
    (generation === 0 ? this.older : this.newer).set(key, value);
  }
}
