import { Kafka, logLevel } from 'kafkajs';

const readyTimeoutMs = 60_000;
const probeEveryMs = 100;
/** More than offsets.topic.num.partitions, so that every coordinator is asked. */
const groupsAsked = 8;

/**
 * Resolves when a broker works. An open port is not enough: it must name itself and a controller, and its group coordinators must have
 * loaded, or the first consumer fails. Asking them also makes it create `__consumer_offsets`.
 * @throws Error when `hasEnded` says that it never will be, or after a minute.
 */
export const untilReady = async (brokers: readonly string[], hasEnded: () => boolean): Promise<void> => {
  for (const deadlineMs = performance.now() + readyTimeoutMs; ; ) {
    if (hasEnded()) throw new Error('ended before it was ready');
    if (await answers(brokers)) return;
    if (performance.now() > deadlineMs) throw new Error(`was not ready within ${readyTimeoutMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, probeEveryMs));
  }
};

const answers = async (brokers: readonly string[]): Promise<boolean> => {
  const once = { retries: 0 };
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, connectionTimeout: 500, requestTimeout: 2_000, retry: once });
  const admin = kafka.admin({ retry: once });
  try {
    await admin.connect();
    const { brokers: alive, controller } = await admin.describeCluster();
    if (alive.length === 0 || controller === null) return false;
    for (let group = 0; group < groupsAsked; group += 1) await admin.fetchOffsets({ groupId: `ready-${group}` });
    return true;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => {});
  }
};
