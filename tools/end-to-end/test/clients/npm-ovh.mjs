// The unmodified npm package `ovh`: each step of OVH_STEPS by its documented call, one JSON line each.
import ovh from 'ovh';

const { host, port, appKey, appSecret, consumerKey } = JSON.parse(process.env.OVH_TEST);
const client = ovh({ host, port, basePath: '/1.0', appKey, appSecret, consumerKey });

for (const { method, path, body } of JSON.parse(process.env.OVH_STEPS)) {
  const line = { call: `${method} ${path}` };
  try {
    line.answer = await client.requestPromised(method, path.replaceAll('/:', '/'), body ?? {});
  } catch (error) {
    line.error = error.error ?? error.status;
    line.message = error.message;
  }
  console.log(JSON.stringify(line));
}
