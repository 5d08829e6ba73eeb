import { stops, stopsKeyOf } from '@kwota/contracts/stops.v1';
import { StopDigest } from '@kwota/service-kit/stop-digest';
import { closeAll, collectFromPhones, messageTo, simulate, startCarrier, until } from './carrier-under-test.js';

afterEach(closeAll);

const account = 'sms-kw00001-1';
const digest = new StopDigest('test'.repeat(8));
const stopOf = (number: string) => stops.message({ type: 'NumberStopped', account, digest: digest.of(account, number), sinceMs: 1 }, { id: number, source: 'kwota/dlr' });

describe('a message from a phone', () => {
  it('goes on to dlr as it was written, with who wrote it to whom, and the SMSC is told when it is durable', async () => {
    const smsc = await simulate();
    const carrier = await startCarrier(smsc.url);
    const received = await collectFromPhones(carrier.messaging);
    smsc.fromPhone({ from: '33600000004', to: '36184', text: 'STOP żółw' });
    await until(() => received.length === 1);
    expect(received).toEqual([
      {
        kind: 'received',
        incomingId: expect.any(String),
        account: null,
        userId: null,
        messageId: null,
        phone: '+33600000004',
        to: '36184',
        text: 'STOP żółw',
        connector: 'default',
        receivedAtMs: expect.any(Number),
      },
    ]);
  });
});

describe('a receiver on the stop list', () => {
  const stoppedNumber = '+33600000004';
  const other = '+33611111111';

  it('gets nothing: what was accepted before ends with DLR 16, others get theirs', async () => {
    const smsc = await simulate();
    const carrier = await startCarrier(smsc.url);
    await carrier.messaging.publish([stopOf(stoppedNumber)]);
    const message = messageTo([stoppedNumber, other]);
    await carrier.accept(message);
    const [stopped, sent] = message.messages.map(({ messageId }) => messageId);
    await until(() => carrier.reported.some(({ messageId, stage }) => messageId === sent && stage === 'receipt'));
    expect(carrier.reported.filter(({ messageId }) => messageId === stopped).map(({ stage, dlr, ptt, final }) => ({ stage, dlr, ptt, final }))).toEqual([
      { stage: 'refused', dlr: 16, ptt: 23, final: true },
    ]);
    expect(smsc.submissions.all().map(({ receiver }) => receiver)).toEqual([other.slice(1)]);
  });

  it('stops what waits for its time, and may be taken off again', async () => {
    const smsc = await simulate();
    const carrier = await startCarrier(smsc.url);
    const inAnHour = { deferredUntilMs: Date.now() + 3_600_000, validUntilMs: Date.now() + 7_200_000 };
    const deferred = messageTo([stoppedNumber, other], inAnHour);
    await carrier.accept(deferred);
    await carrier.messaging.drain();
    await carrier.messaging.publish([stopOf(stoppedNumber)]);
    await until(() => carrier.reported.length === 1);
    expect(carrier.reported[0]).toMatchObject({ messageId: deferred.messages[0]?.messageId, stage: 'refused', dlr: 16 });

    await carrier.messaging.publish([{ topic: stops.topic, key: stopsKeyOf({ account, digest: digest.of(account, stoppedNumber) }), value: null, headers: {} }]);
    await carrier.messaging.drain();
    await carrier.accept(messageTo([stoppedNumber]));
    await until(() => carrier.reported.some(({ stage }) => stage === 'receipt'));
    expect(smsc.submissions.all().map(({ receiver }) => receiver)).toEqual([stoppedNumber.slice(1)]);
  });
});
