import type { EmbeddedMessaging } from '@kwota/messaging-embedded';
import type { ProcessMetrics } from '@kwota/service-kit/metrics';

/** What the one log does, and how far each service is behind. */
export const showMessagingMetrics = (messaging: EmbeddedMessaging, metrics: ProcessMetrics, services: readonly string[]): void => {
  const log = metrics.of('messaging');
  const { stats } = messaging;
  log.gauge('kwota_messaging_published', 'Messages published since the start.', () => stats.published);
  log.gauge('kwota_messaging_commits', 'Durable commits since the start: messages that wait share one.', () => stats.commits);
  log.gauge('kwota_messaging_retries', 'Attempts that failed and came again.', () => stats.retries);
  log.gauge('kwota_messaging_dead_letters', 'Messages put among the dead letters since the start.', () => stats.deadLetters);
  for (const service of services) metrics.of(service).gauge('kwota_messaging_lag', 'Messages published and not handled yet.', () => lagOf(messaging, service));
};

const lagOf = (messaging: EmbeddedMessaging, service: string): number => {
  let lag = 0;
  for (const [groupAndTopic, messages] of messaging.lags()) if (groupAndTopic.startsWith(`kwota.${service} `)) lag += messages;
  return lag;
};
