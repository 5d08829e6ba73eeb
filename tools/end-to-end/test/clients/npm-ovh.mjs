// The unmodified npm package `ovh`, or the one that OVH_PACKAGE names in OVH_MODULES: each step of OVH_STEPS by its documented call, one JSON
// line each. With client id and secret by OAuth2, else by the application's keys.
import { createRequire } from 'node:module';

const { OVH_TEST, OVH_STEPS, OVH_MODULES, OVH_PACKAGE = 'ovh' } = process.env;
const ovh = createRequire(OVH_MODULES ? `${OVH_MODULES}/` : import.meta.url)(OVH_PACKAGE);
const { host, port, appKey, appSecret, consumerKey, clientId: clientID, clientSecret } = JSON.parse(OVH_TEST);
const keys = OVH_PACKAGE === 'ovh' ? { appKey, appSecret, consumerKey } : { clientID, clientSecret, tokenURL: `https://${host}:${port}/auth/` };
const client = ovh({ host, port, basePath: '/1.0', ...keys });

for (const { method, path, body } of JSON.parse(OVH_STEPS)) {
  const line = { call: `${method} ${path}` };
  try {
    line.answer = await client.requestPromised(method, path.replaceAll('/:', '/'), body ?? {});
  } catch (error) {
    line.error = error.error ?? error.status;
    line.message = error.message;
  }
  console.log(JSON.stringify(line));
}
