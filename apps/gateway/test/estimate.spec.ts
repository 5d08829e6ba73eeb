import { RequestClient } from '@kwota/service-kit/request-client';
import { Requests } from '@kwota/messaging/requests';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import fc from 'fast-check';
import { createRequire } from 'node:module';
import { EstimateMessagesController } from '../src/estimate-messages/estimate-messages.controller.js';

type SmsLength = { count(text: string): { encoding: 'GSM_7BIT' | 'GSM_7BIT_EXT' | 'UTF16'; length: number; messages: number } };
/** An independent count (CommonJS). */
const smsLength: SmsLength = createRequire(import.meta.url)('sms-length');

const basic = '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const doubled = '^{}\\[~]|€';
const texts = (characters: string, maxLength: number) => fc.array(fc.constantFrom(...characters), { minLength: 1, maxLength }).map((picked) => picked.join(''));

it('10,000 texts take as many parts as sms-length counts, through /sms/estimate', async () => {
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions });
  const estimates = new EstimateMessagesController(new RequestClient(new Requests(messaging, 'spec'), 'spec', 100));
  const anyText = fc.oneof(texts(basic, 950), texts(basic + doubled, 700), texts(`${basic}żЖ漢`, 450), texts('aż😀', 300));
  let cutDifferently = 0;
  fc.assert(
    fc.property(anyText, (message) => {
      const theirs = smsLength.count(message);
      const ours = estimates.estimate({ message, noStopClause: true, senderType: 'alpha' });
      expect([ours.charactersClass, ours.characters]).toEqual([theirs.encoding === 'UTF16' ? 'unicode' : '7bits', theirs.length]);
      // It divides; a telephone's operator never cuts an escape sequence or a pair, which may take a part more.
      const mayBeCut = theirs.encoding === 'GSM_7BIT_EXT' || message.includes('😀');
      if (mayBeCut && ours.parts === theirs.messages + 1) cutDifferently += 1;
      else expect(ours.parts).toBe(theirs.messages);
    }),
    { seed: 20261126, numRuns: 10_000 },
  );
  expect(cutDifferently).toBeLessThan(1_000);
  await messaging.close();
}, 60_000);
