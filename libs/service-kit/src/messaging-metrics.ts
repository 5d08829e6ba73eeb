import type { Messaging } from '@kwota/messaging';
import type { ProcessMetrics } from './metrics.js';

/** What the log does in this process, and how far each of its services is behind. */
export const showMessagingMetrics = (messaging: Messaging, metrics: ProcessMetrics, services: readonly string[]): void => {
  const log = metrics.of('messaging');
  log.gauge('kwota_messaging_published', 'Messages published since the start.', () => messaging.stats.published);
  log.gauge('kwota_messaging_commits', 'Durable commits (over Kafka: Produce requests) since the start: messages that wait share one.', () => messaging.stats.commits);
  log.gauge('kwota_messaging_retries', 'Attempts that failed and came again.', () => messaging.stats.retries);
  log.gauge('kwota_messaging_dead_letters', 'Messages put among the dead letters since the start.', () => messaging.stats.deadLetters);
  log.gauge('kwota_messaging_ready', '1 while the log is in reach and no partition stands still.', () => (messaging.health().ready ? 1 : 0));
  for (const service of services) metrics.of(service).gauge('kwota_messaging_lag', 'Messages published and not handled yet.', () => lagOf(messaging, service));
};

const lagOf = (messaging: Messaging, service: string): number => {
  let lag = 0;
  for (const [groupAndTopic, messages] of messaging.lags()) if (groupAndTopic.startsWith(`kwota.${service} `)) lag += messages;
  return lag;
};
