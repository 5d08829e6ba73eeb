// The unmodified npm packages `@ovh-api/api` and `@ovh-api/sms`, found in OVH_MODULES: their proxies walk the path, `.$(name)` for what is variable.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.OVH_MODULES}/`);
const { default: OvhApi } = require('@ovh-api/api');
const { proxySms } = require('@ovh-api/sms');
const { host, port, appKey, appSecret, consumerKey } = JSON.parse(process.env.OVH_TEST);
const engine = new OvhApi({ host, port, appKey, appSecret, consumerKey, maxRetry: 0, launchBrower: false, keepUnexpectedCredential: true });
const sms = proxySms(engine);

const call = (method, path, body) => {
  const [, first, ...parts] = path.split('/');
  if (first !== 'sms') return engine.request(method, path.replaceAll('/:', '/'), body ?? {});
  const target = parts.filter(Boolean).reduce((at, part) => (part.startsWith(':') ? at.$(part.slice(1)) : at[part]), sms);
  return target[`$${method.toLowerCase()}`](body);
};

for (const { method, path, body } of JSON.parse(process.env.OVH_STEPS)) {
  const line = { call: `${method} ${path}` };
  try {
    line.answer = await call(method, path, body);
  } catch (error) {
    line.error = Number.parseInt(error.httpCode, 10) || error.httpCode;
    // It adds how long the call took.
    line.message = error.message.replace(/ in [\d.]+ Sec\.$/, '');
  }
  console.log(JSON.stringify(line));
}
