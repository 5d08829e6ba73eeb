// The unmodified npm package `ovh`.
import ovh from 'ovh';
import { run, settings } from './steps.mjs';

const { host, port, appKey, appSecret, consumerKey } = settings;
const client = ovh({ host, port, basePath: '/1.0', appKey, appSecret, consumerKey });

await run(
  (method, path, parameters) => client.requestPromised(method, path, parameters ?? {}),
  (error) => ({ status: error.error ?? error.status, message: error.message }),
);
