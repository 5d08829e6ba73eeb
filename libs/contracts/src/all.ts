// Every published contract: what the documents, the schemas and the tests are made from.
import { accepted } from './accepted.v1.js';
import { alerts } from './alerts.v1.js';
import { changes } from './changes.v1.js';
import * as alertsRequests from './alerts.requests.v1.js';
import * as callsRequests from './calls.requests.v1.js';
import * as carrierRequests from './carrier.requests.v1.js';
import { counts } from './counts.v1.js';
import { credit } from './credit.v1.js';
import type { RequestContract } from './define-request.js';
import type { TopicContract } from './define-topic.js';
import { delivery } from './delivery.v1.js';
import * as dlrRequests from './dlr.requests.v1.js';
import { incoming } from './incoming.v1.js';
import * as ledgerRequests from './ledger.requests.v1.js';
import { operations } from './operations.v1.js';
import * as ownersRequests from './owners.requests.v1.js';
import * as phonesRequests from './phones.requests.v1.js';
import { receipts } from './receipts.v1.js';
import * as sendersRequests from './senders.requests.v1.js';
import { stops } from './stops.v1.js';
import { submissions } from './submissions.v1.js';
import * as usersRequests from './users.requests.v1.js';
import { users } from './users.v1.js';

export const allTopics = [submissions, accepted, receipts, credit, delivery, users, alerts, operations, changes, incoming, stops, counts] as unknown as readonly TopicContract<unknown>[];

const requestsOf = (module: object): readonly RequestContract<unknown, unknown>[] =>
  Object.values(module).filter((value): value is RequestContract<unknown, unknown> => typeof value === 'object' && value !== null && 'readRequest' in value);

export const allRequests = [usersRequests, ownersRequests, callsRequests, sendersRequests, ledgerRequests, carrierRequests, dlrRequests, phonesRequests, alertsRequests].flatMap(requestsOf);
export const servicesWithRequests = ['users', 'ledger', 'carrier', 'dlr', 'alerts'] as const;
