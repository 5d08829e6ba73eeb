import { allTopics, servicesWithRequests } from './all.js';
import { requestsKept, requestsTopicOf } from './define-request.js';
import { ephemeral, keptForDays, type TopicContract } from './define-topic.js';

type Kept = TopicContract<unknown>['kept'];

/** Every topic that there must be, with how it is kept (DESIGN §5): for the embedded log at open and for `kwota topics apply`. */
export const topicDefinitions: readonly { topic: string; kept: Kept; isAwaited: boolean }[] = [
  ...allTopics.map(({ topic, kept, isAwaited = false }) => ({ topic, kept, isAwaited })),
  ...servicesWithRequests.map((service) => ({ topic: requestsTopicOf(service), kept: requestsKept as Kept, isAwaited: true })),
  { topic: 'kwota.replies.v1', kept: ephemeral, isAwaited: true },
].flatMap((definition) =>
  definition.topic === 'kwota.replies.v1' ? [definition] : [definition, { topic: `${definition.topic}.dead`, kept: keptForDays(14) as Kept, isAwaited: false }],
);
