/** A member of a group: the topics that it consumes, and the partition numbers that it had last. */
export type Claimant = Readonly<{ id: string; topics: readonly string[]; had: readonly number[] }>;

/** By member, by topic: partition numbers. */
export type Shares = Map<string, Map<string, number[]>>;

/**
 * Shares partition numbers out so that a member gets the same numbers of every topic that it consumes: kafkajs's round robin splits them as
 * soon as three members share three topics. Everybody keeps what it had, as far as all have equally many, give or take one. The result
 * depends on nothing but the arguments, in whichever order the members come.
 *
 * Where members consume different topics (a service that is being upgraded), those with the most get all numbers of these topics: the others
 * could only handle a part of an account's messages, and two members would hold one account.
 */
export const assignPartitions = (members: readonly Claimant[], partitionCounts: ReadonlyMap<string, number>): Shares => {
  const sorted = members.toSorted((one, other) => compare(one.id, other.id));
  const shares: Shares = new Map(sorted.map(({ id }) => [id, new Map()]));
  const left = new Set(sorted.flatMap(({ topics }) => topics).filter((topic) => (partitionCounts.get(topic) ?? 0) > 0));
  while (left.size > 0) {
    const topics = mostOf(left, sorted);
    const eligible = sorted.filter((member) => topics.every((topic) => member.topics.includes(topic)));
    const count = Math.max(...topics.map((topic) => partitionCounts.get(topic) ?? 0));
    for (const [id, numbers] of shareNumbers(eligible, count))
      for (const topic of topics) {
        const there = numbers.filter((number) => number < (partitionCounts.get(topic) ?? 0));
        if (there.length > 0) shares.get(id)?.set(topic, there);
      }
    for (const topic of topics) left.delete(topic);
  }
  return shares;
};

/** The most topics of those left that a single member consumes. */
const mostOf = (left: ReadonlySet<string>, members: readonly Claimant[]): string[] => {
  const ofEach = members.map(({ topics }) => [...left].filter((topic) => topics.includes(topic)).toSorted(compare));
  return ofEach.reduce((most, topics) => (topics.length > most.length || (topics.length === most.length && compare(topics.join(), most.join()) < 0) ? topics : most));
};

const shareNumbers = (members: readonly Claimant[], count: number): Map<string, number[]> => {
  const claimed = new Map<string, number[]>(members.map(({ id }) => [id, []]));
  const free: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const owner = members.find(({ had }) => had.includes(number));
    if (owner) claimed.get(owner.id)?.push(number);
    else free.push(number);
  }
  // The remainder goes to those who have the most already: so the fewest numbers move.
  const byClaim = members.toSorted((one, other) => sizeOf(claimed, other) - sizeOf(claimed, one) || compare(one.id, other.id));
  const least = Math.floor(count / members.length);
  const quotas = new Map(byClaim.map(({ id }, index) => [id, least + (index < count % members.length ? 1 : 0)]));
  for (const { id } of members) free.push(...(claimed.get(id)?.splice(quotas.get(id) ?? 0) ?? []));
  free.sort((one, other) => one - other);
  for (const { id } of members) {
    const numbers = claimed.get(id) ?? [];
    numbers.push(...free.splice(0, (quotas.get(id) ?? 0) - numbers.length));
    numbers.sort((one, other) => one - other);
  }
  return claimed;
};

const sizeOf = (claimed: ReadonlyMap<string, readonly number[]>, { id }: Claimant): number => claimed.get(id)?.length ?? 0;

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
