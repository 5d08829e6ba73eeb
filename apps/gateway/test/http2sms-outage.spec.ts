import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { Requests } from '@kwota/messaging/requests';
import { RequestClient, ServiceUnavailable } from '@kwota/service-kit/request-client';
import { StopDigest } from '@kwota/service-kit/stop-digest';
import { StopList } from '@kwota/service-kit/stop-list';
import { Sealing } from '@kwota/service-kit/sealing';
import type { Logger } from '@kwota/service-kit/logger';
import { GatewayLog } from '../src/edge/gateway-log.js';
import { GatewaySettings } from '../src/edge/gateway-settings.js';
import { readGatewayConfig } from '../src/gateway.config.js';
import { Http2SmsHandler } from '../src/http2sms/http2sms.handler.js';
import { ChangesMadeHere } from '../src/known-users/changes-made-here.js';
import { KnownUsers } from '../src/known-users/known-users.projection.js';
import { Limits } from '../src/limit-requests/limits.js';
import { SharedCounts } from '../src/limit-requests/shared-counts.js';
import { MessageIds } from '../src/submit-messages/message-ids.js';
import { SubmitMessagesClient } from '../src/submit-messages/submit-messages.client.js';
import { Withdrawals } from '../src/submit-messages/withdrawals.js';
import { PasswordChecks } from '../src/verify-passwords/password-checks.js';

const given = { account: 'sms-kw00001-1', login: 'demo', password: 'Demo_123', from: 'KWOTA', to: '+33600000004', message: 'Hello' };

class Failing extends RequestClient {
  constructor(
    messaging: EmbeddedMessaging,
    private readonly error: Error,
  ) {
    super(new Requests(messaging, 'spec'), 'spec', 100);
  }

  override ask(): Promise<never> {
    return Promise.reject(this.error);
  }
}

it.each([
  ['a service that does not answer', new ServiceUnavailable('users/authenticate-user: no reply'), 0],
  ['a bug', new TypeError(`cannot read ${given.password} of ${given.to}`), 1],
])('%s is status 503 in the body; its words are not logged', async (_, error, logged) => {
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions });
  const requests = new Failing(messaging, error);
  const known = new KnownUsers(new ChangesMadeHere());
  known.isWhole = true;
  const settings = new GatewaySettings(readGatewayConfig({}));
  const counts = new SharedCounts((messages) => messaging.publish(messages), 'gateway-1');
  const lines: string[] = [];
  const log = new GatewayLog({ error: (...line: unknown[]) => void lines.push(JSON.stringify(line)) } as unknown as Logger);
  const submitting = new SubmitMessagesClient(requests, new MessageIds(requests), new Withdrawals(messaging), settings);
  const handler = new Http2SmsHandler(known, new PasswordChecks(known, requests, new Sealing('k'.repeat(32)), counts), submitting, settings, log, new Limits(settings, counts), new StopList(new StopDigest('k'.repeat(32))));

  expect(await handler.handle(new URLSearchParams(given), '203.0.113.7')).toEqual({ status: 503, message: 'Temporarily unavailable, not charged' });
  expect(lines).toHaveLength(logged);
  for (const secret of [given.password, given.to, given.message]) expect(lines.join('\n')).not.toContain(secret);
  counts.onApplicationShutdown();
  await messaging.close();
});
