// The unmodified npm package `ovh` in a process of its own, since Node reads NODE_EXTRA_CA_CERTS only at its start. Prints one JSON line a call.
import ovh from 'ovh';

const { host, port, appKey, appSecret, consumerKey, serviceName, sender } = JSON.parse(process.env.OVH_TEST);
const client = ovh({ host, port, basePath: '/1.0', appKey, appSecret, consumerKey });

const call = async (method, path, parameters) => {
  try {
    console.log(JSON.stringify({ call: `${method} ${path}`, answer: await client.requestPromised(method, path, parameters ?? {}) }));
  } catch (error) {
    console.log(JSON.stringify({ call: `${method} ${path}`, error: error.error ?? error.status, message: error.message }));
  }
};

const users = `/sms/${serviceName}/users`;
await call('GET', '/auth/time');
await call('GET', '/sms');
await call('GET', '/sms/');
await call('GET', `/sms/${serviceName}`);
await call('POST', users, { login: 'scripts', password: 'Script01' });
await call('GET', users);
await call('PUT', `${users}/scripts`, { quotaInformations: { quotaLeft: 150, quotaStatus: 'active' } });
await call('PUT', `${users}/scripts`, {
  alertThresholdInformations: { alertEmail: 'owner@example.org', alertNumber: '', alertThreshold: 20, support: 'mail' },
});
await call('PUT', `${users}/scripts`, { ipRestrictions: ['8.8.8.8'] });
await call('PUT', `${users}/scripts`, { callBack: 'https://example.org/dlr' });
await call('PUT', `${users}/scripts`, { password: 'Script02' });
await call('GET', `${users}/scripts`);
await call('GET', `/sms/${serviceName}`);
await call('POST', `${users}/scripts/jobs`, {
  message: 'Zażółć gęślą jaźń',
  receivers: ['0033600000004', 'nobody'],
  sender,
  noStopClause: true,
  class: 'phoneDisplay',
  coding: '8bit',
  charset: 'UTF-8',
  priority: 'high',
  validityPeriod: 2880,
  differedPeriod: 0,
  senderForResponse: false,
  tag: 'guide',
});
await call('POST', `/sms/${serviceName}/jobs/`, { message: 'From the pool', receivers: ['+33600000004'], sender, noStopClause: true });
await call('GET', `${users}/scripts/outgoing`);
await call('GET', '/sms/ptts', { ptt: 4 });
await call('GET', `${users}/nobody`);
await call('GET', '/sms/sms-xx99999-1');
await call('PUT', `${users}/scripts`, { quotaInformations: { quotaLeft: 500, quotaStatus: 'active' } });
await call('DELETE', `${users}/scripts`);
await call('GET', users);
