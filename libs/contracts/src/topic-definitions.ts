import { allTopics, servicesWithRequests } from './all.js';
import { requestsKept, requestsTopicOf } from './define-request.js';
import { ephemeral, keptForDays, type TopicContract } from './define-topic.js';

type Kept = TopicContract<unknown>['kept'];

/** Every topic that there must be, with how it is kept (DESIGN §5): for the embedded log at open and for `kwota topics apply`. */
export const topicDefinitions: readonly { topic: string; kept: Kept }[] = [
  ...allTopics.map(({ topic, kept }) => ({ topic, kept })),
  ...servicesWithRequests.map((service) => ({ topic: requestsTopicOf(service), kept: requestsKept as Kept })),
  { topic: 'kwota.replies.v1', kept: ephemeral },
].flatMap((definition) =>
  definition.topic === 'kwota.replies.v1' ? [definition] : [definition, { topic: `${definition.topic}.dead`, kept: keptForDays(14) as Kept }],
);
