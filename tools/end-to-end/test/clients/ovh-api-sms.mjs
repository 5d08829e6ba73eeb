// The unmodified npm packages `@ovh-api/api` and `@ovh-api/sms`, whose paths are properties and whose ids are calls.
import OvhEngine from '@ovh-api/api';
import sms from '@ovh-api/sms';
import { run, settings } from './steps.mjs';

const { host, port, appKey, appSecret, consumerKey } = settings;
const engine = new OvhEngine.default({ host, port, basePath: '/1.0', appKey, appSecret, consumerKey, launchBrower: false, maxRetry: 1 });
const api = sms.default(engine);
/** What the API's own paths are made of; all else is an id. */
const names = new Set(['users', 'jobs', 'outgoing', 'incoming', 'senders', 'ptts', 'estimate', 'rates', 'destinations', 'blacklists', 'validate', 'transferCredits', 'document']);

await run(
  (method, path, parameters) => {
    if (!path.startsWith('/sms')) return engine.request(method, path, parameters);
    const segments = path.split('/').filter((segment) => segment !== '').slice(1);
    const place = segments.reduce((at, segment) => (names.has(segment) ? at[segment] : at.$(segment)), api);
    return place[`$${method.toLowerCase()}`](parameters);
  },
  // It adds how long the call took.
  (error) => ({ status: Number.parseInt(error.httpCode ?? error.errorCode, 10), message: error.message.replace(/ in [\d.]+ Sec\.$/, '') }),
);
