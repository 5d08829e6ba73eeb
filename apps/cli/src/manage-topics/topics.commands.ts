import { done, exitCodes, table, type Report } from '../report.js';

/** One topic as it must be, and what is otherwise, as a sentence. */
export type TopicState = Readonly<{ topic: string; partitions: number; kept: string; difference: string | undefined }>;

/** The log's topics; main.ts names the adapter. Each look rejects when no broker answers. */
export type TopicsOfLog = Readonly<{
  show(): Promise<readonly TopicState[]>;
  /** Creates what is missing and sets what differs; the state after it, with what cannot be mended. */
  apply(): Promise<readonly TopicState[]>;
}>;

export const showTopics = (topics: TopicsOfLog): Promise<Report> => reported(topics.show());

export const applyTopics = (topics: TopicsOfLog): Promise<Report> => reported(topics.apply());

const reported = async (looking: Promise<readonly TopicState[]>): Promise<Report> => {
  let states: readonly TopicState[];
  try {
    states = await looking;
  } catch (error) {
    const message = `Kafka does not answer: ${(error as Error).message}`;
    return { exitCode: exitCodes.unreachable, json: { outcome: 'unreachable', message }, text: message };
  }
  const rows = states.map(({ topic, partitions, kept, difference }) => [topic, String(partitions), kept, difference ?? 'as it must be']);
  const report = done(states, table(['topic', 'partitions', 'kept', 'state'], rows));
  return states.some(({ difference }) => difference !== undefined) ? { ...report, exitCode: exitCodes.refused } : report;
};
