import { messagingConformance } from '@kwota/messaging/conformance';
import { EmbeddedMessaging } from './embedded-messaging.js';

messagingConformance('EmbeddedMessaging', (path, topics) =>
  EmbeddedMessaging.open({ path: path ?? ':memory:', topics, backoff: { firstMs: 1, maxMs: 5 } }),
);

it('a topic that no contract names is refused: auto-creation is off', async () => {
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics: [] });
  await expect(messaging.publish([{ topic: 'kwota.nobody.v1', key: 'a', value: '1', headers: {} }])).rejects.toThrow('no topic kwota.nobody.v1');
  await messaging.close();
});
