// A gateway's way to the services, with the test answering for them.
import { requestsTopicOf } from '@kwota/contracts/define-request';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { replyTo } from '@kwota/messaging/requests';
import { RequestClient } from '@kwota/service-kit/request-client';

/** Replies by the name of the request; what has none is answered with done. */
export type Replies = Record<string, (body: never) => object>;

/** What was asked, in order. `close` when the test ends. */
export const answeringServices = async (services: readonly string[], replies: Replies) => {
  const log = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions });
  const asked: { name: string; body: unknown }[] = [];
  for (const service of services) {
    await log.subscribe({
      topic: requestsTopicOf(service),
      group: 'test',
      kind: 'shared',
      handle: async (batch) => {
        for (const incoming of batch) {
          const [, name = ''] = /\.([a-z-]+)\.v1$/.exec(incoming.headers['ce_type'] ?? '') ?? [];
          const body = JSON.parse(incoming.value ?? '') as never;
          asked.push({ name, body });
          const reply = replyTo(incoming, JSON.stringify(replies[name]?.(body) ?? { outcome: 'done' }), {});
          if (reply) await log.publish([reply]);
        }
      },
    });
  }
  const requests = await RequestClient.start(log, 'gateway', 5_000);
  const close = async (): Promise<void> => {
    await requests.close();
    await log.close();
  };
  return { requests, asked, close };
};
