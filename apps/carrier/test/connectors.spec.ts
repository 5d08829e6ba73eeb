import { cancelMessage, listConnectors, pauseCarrier, removeConnector } from '@kwota/contracts/carrier.requests.v1';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import smpp from 'smpp';
import { closeAll, messageTo, pause, simulate, startCarrier, temporaryFolder, until } from './carrier-under-test.js';

afterEach(closeAll);

type Carrier = Awaited<ReturnType<typeof startCarrier>>;
const shown = async (carrier: Carrier, name: string) => (await carrier.ask(listConnectors, {})).connectors.find((connector) => connector.name === name);
const untilBound = (carrier: Carrier, name: string) => until(async () => (await shown(carrier, name))?.bound === true);
const finals = (carrier: Carrier) => carrier.reported.filter(({ final }) => final);
const receivers = (count: number, from = 1_000) => Array.from({ length: count }, (_, index) => `+3361234${from + index}`);

describe('a connector', () => {
  it('is added, changed and removed while the carrier runs, and its password is shown to nobody', async () => {
    const [first, second] = [await simulate(), await simulate()];
    const carrier = await startCarrier(first.url);
    expect(await carrier.set('second', { prefixes: ['48'] }, { url: second.url })).toEqual({ outcome: 'done' });
    await untilBound(carrier, 'second');
    await carrier.accept(messageTo(['+48600000004', '+33600000004']));
    await until(() => finals(carrier).length === 2);
    expect(second.submissions.all().map(({ receiver }) => receiver)).toEqual(['48600000004']);
    expect(new Set(finals(carrier).map(({ raw }) => raw.connector))).toEqual(new Set(['default', 'second']));

    await carrier.set('second', { prefixes: ['33'] });
    await carrier.accept(messageTo(['+33600000005']));
    await until(() => second.submissions.total === 2);
    const list = await carrier.ask(listConnectors, {});
    expect(list.connectors).toMatchObject([{ name: 'default', systemId: 'kwota' }, { name: 'second', smsc: `127.0.0.1:${second.port}`, settings: { prefixes: ['33'] } }]);
    expect(JSON.stringify(list)).not.toContain('secret');

    expect(await carrier.ask(removeConnector, { name: 'second' })).toEqual({ outcome: 'done' });
    await carrier.accept(messageTo(['+33600000006']));
    await until(() => first.submissions.count('33600000006') === 1);
  });

  it('is refused by name for a reason', async () => {
    const { url } = await simulate();
    const carrier = await startCarrier(url);
    expect(await carrier.set('other', { weight: 2 })).toEqual({ outcome: 'refused', code: 'connector-unknown' });
    expect(await carrier.set('default', {}, { url })).toEqual({ outcome: 'refused', code: 'connector-exists' });
    expect(await carrier.set('other', {}, { url: 'http://127.0.0.1/' })).toEqual({ outcome: 'refused', code: 'url-not-valid' });
    expect(await carrier.ask(removeConnector, { name: 'default' })).toEqual({ outcome: 'refused', code: 'connector-of-environment' });
    expect(await carrier.ask(removeConnector, { name: 'other' })).toEqual({ outcome: 'refused', code: 'connector-unknown' });
  });

  it('is there again after a restart, with its settings', async () => {
    const [first, second] = [await simulate(), await simulate()];
    const database = join(temporaryFolder(), 'carrier.db');
    const before = await startCarrier(first.url, {}, database);
    await before.set('second', { windowSize: 7 }, { url: second.url });
    await before.close();
    const after = await startCarrier(first.url, { windowSize: 5 }, database);
    expect([(await shown(after, 'default'))?.settings.windowSize, (await shown(after, 'second'))?.settings.windowSize]).toEqual([5, 7]);
    await untilBound(after, 'second');
    expect(readFileSync(database).includes('secret')).toBe(false);
  });

  it('gets its share by weight', async () => {
    const [first, second] = [await simulate(), await simulate()];
    const carrier = await startCarrier(first.url);
    await carrier.set('second', { weight: 3 }, { url: second.url });
    await untilBound(carrier, 'second');
    await carrier.accept(messageTo(receivers(400)));
    await until(() => finals(carrier).length === 400);
    expect(first.submissions.total + second.submissions.total).toBe(400);
    expect(second.submissions.total).toBeGreaterThan(250);
    expect(second.submissions.total).toBeLessThan(350);
  });

  it('may have a bind for each direction', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    await carrier.set('default', { bind: 'pair' });
    await carrier.accept(messageTo(['+33600000023']));
    await until(() => finals(carrier).length === 1);
    expect(finals(carrier)).toMatchObject([{ ptt: 23, stage: 'receipt' }]);
  });

  it('sends no more in a second than it is told', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    await carrier.set('default', { submitsPerSecondMax: 40 });
    const atMs = performance.now();
    await carrier.accept(messageTo(receivers(60)));
    await until(() => simulator.submissions.total === 60);
    // A fifth of a second's worth may go at once.
    expect(performance.now() - atMs).toBeGreaterThan(1_200);
  });

  it('goes on after an SMSC that throttles, and each message arrives once', async () => {
    const simulator = await simulate({ windowMax: 5, latencyMs: 5 });
    const carrier = await startCarrier(simulator.url);
    await carrier.accept(messageTo(receivers(40)));
    await until(() => finals(carrier).length === 40, 15_000);
    expect(simulator.submissions.total).toBe(40);
  }, 20_000);

  it('speaks TLS to an SMSC whose certificate it knows, and to no other', async () => {
    const folder = temporaryFolder();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', ...subject], { stdio: 'pipe' });
    const certificate = readFileSync(cert, 'utf8');
    const server = smpp.createServer({ key: readFileSync(key, 'utf8'), cert: certificate }, (session) => {
      session.on('error', () => session.destroy());
      session.on('pdu', (pdu) => {
        if (!pdu.isResponse()) session.send(pdu.response(pdu.command === 'submit_sm' ? { message_id: '1' } : {}));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `ssmpp://kwota:secret@127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`;
    const carrier = await startCarrier((await simulate()).url);
    await carrier.set('secure', { prefixes: ['48'], tlsCa: certificate }, { url });
    await carrier.set('unknown', { prefixes: ['49'] }, { url });
    await untilBound(carrier, 'secure');
    await carrier.accept(messageTo(['+48600000004']));
    await until(() => carrier.reported.length === 1);
    expect(carrier.reported).toMatchObject([{ stage: 'submitted', raw: { connector: 'secure' } }]);
    await until(async () => (await shown(carrier, 'unknown'))?.problem === 'DEPTH_ZERO_SELF_SIGNED_CERT');
    await carrier.close();
    for (const session of [...server.sessions]) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it('takes a message of three parts in one piece: one submit_sm, a report for each part', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    await carrier.set('default', { longMessages: 'payload' });
    await carrier.accept(messageTo(['+33600000004'], { text: 'ż'.repeat(140), coding: 'unicode', parts: 3 }));
    await until(() => finals(carrier).length === 3);
    expect(simulator.submissions.all()).toMatchObject([{ receiver: '33600000004' }]);
    expect(simulator.submissions.all()[0]).not.toHaveProperty('part');
    expect(finals(carrier).map(({ part, dlr }) => [part, dlr])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  it('of which nothing is heard is asked', async () => {
    const simulator = await simulate({ answersQueries: true, script: [{ receivers: '.', receipt: 'lost' }] });
    const carrier = await startCarrier(simulator.url);
    await carrier.set('default', { queryAfterSeconds: 1 });
    await carrier.accept(messageTo(['+33600000008', '+33600000004']));
    await until(() => finals(carrier).length === 2);
    expect(finals(carrier).map(({ ptt, stage }) => [ptt, stage]).sort()).toEqual([
      [4, 'receipt'],
      [8, 'receipt'],
    ]);
  }, 15_000);
});

describe('fail-over', () => {
  it('has another connector send what waited for one that is away, each once', async () => {
    const [first, second] = [await simulate(), await simulate()];
    const carrier = await startCarrier(first.url, { failOverAfterMs: 300 });
    await carrier.set('second', { weight: 0 }, { url: second.url });
    await untilBound(carrier, 'second');
    await first.close();
    await carrier.accept(messageTo(receivers(50)));
    await until(() => finals(carrier).length === 50);
    expect(second.submissions.total).toBe(50);
    expect(new Set(second.submissions.all().map(({ receiver }) => receiver)).size).toBe(50);
  });

  it('leaves with its connector what may have been sent: no other sends it a second time', async () => {
    const first = await simulate({ script: [{ receivers: '.', answer: 'hang-up', times: 5 }] });
    const second = await simulate();
    const carrier = await startCarrier(first.url, { failOverAfterMs: 300, windowSize: 5 });
    await carrier.set('second', { weight: 0 }, { url: second.url });
    await untilBound(carrier, 'second');
    await carrier.accept(messageTo(receivers(5)));
    await until(() => first.submissions.total > 0);
    await first.close();
    await carrier.accept(messageTo(receivers(5, 2_000)));
    await until(() => second.submissions.total >= 5);
    await pause(1_500);
    const sentByFirst = new Set(first.submissions.all().map(({ receiver }) => receiver));
    expect(second.submissions.all().filter(({ receiver }) => sentByFirst.has(receiver))).toEqual([]);
    const back = await simulate({ port: first.port });
    await until(() => finals(carrier).length === 10, 30_000);
    expect(back.submissions.total + second.submissions.total).toBe(10);
  }, 40_000);

  it('takes what was for a connector that was removed', async () => {
    const first = await simulate();
    const gone = await simulate();
    await gone.close();
    const carrier = await startCarrier(first.url);
    await carrier.set('gone', { prefixes: ['33'] }, { url: gone.url });
    await carrier.accept(messageTo(['+33600000004']));
    await until(async () => (await shown(carrier, 'gone'))?.queued === 1);
    await carrier.ask(removeConnector, { name: 'gone' });
    await until(() => finals(carrier).length === 1);
  });
});

describe('receipts find their message', () => {
  it.each(['hex', 'zeros'] as const)('with an id written as %s, by text and by TLV', async (receiptId) => {
    const script = [
      { receivers: '4$', receiptId, receiptForm: 'text' },
      { receivers: '5$', receiptId, receiptForm: 'tlv' },
    ] as const;
    const carrier = await startCarrier((await simulate({ ids: 'decimal', script })).url);
    await carrier.accept(messageTo(['+33600000004', '+33600000005', '+33600000006']));
    await until(() => finals(carrier).length === 3);
  });

  it('also before the answer in another spelling, and doubled', async () => {
    const script = [
      { receivers: '4$', receipt: 'before', receiptId: 'hex' },
      { receivers: '5$', receipt: 'twice' },
    ] as const;
    const carrier = await startCarrier((await simulate({ ids: 'decimal', script, receiptsShuffledOverMs: 50 })).url);
    await carrier.accept(messageTo(['+33600000004', '+33600000005', '+33600000006']));
    await until(() => new Set(finals(carrier).map(({ messageId }) => messageId)).size === 3);
  });
});

describe('paused', () => {
  it('a connector sends nothing, others take over; resumed it sends again', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    await carrier.set('default', {}, { paused: true });
    await carrier.accept(messageTo(['+33600000004']));
    await until(async () => (await shown(carrier, 'default'))?.queued === 1);
    await pause(200);
    expect(simulator.submissions.total).toBe(0);
    expect(carrier.health.look().parts['smsc']?.warnings).toEqual(['the SMSC is paused']);
    await carrier.set('default', {}, { paused: false });
    await until(() => finals(carrier).length === 1);
  });

  it('the whole carrier sends nothing, also after a restart, until it is resumed', async () => {
    const simulator = await simulate();
    const database = join(temporaryFolder(), 'carrier.db');
    const before = await startCarrier(simulator.url, {}, database);
    await before.ask(pauseCarrier, { paused: true });
    await before.accept(messageTo(['+33600000004']));
    await until(async () => (await shown(before, 'default'))?.queued === 1);
    await before.close();
    const after = await startCarrier(simulator.url, {}, database);
    await pause(200);
    expect(simulator.submissions.total).toBe(0);
    await after.ask(pauseCarrier, { paused: false });
    await until(() => finals(after).length === 1);
  });
});

describe('cancelling', () => {
  it('ends what waits: not sent, not billed', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    const message = messageTo(['+33600000004'], { deferredUntilMs: Date.now() + 60_000, text: 'x'.repeat(200), parts: 2 });
    await carrier.accept(message);
    const asked = { account: message.account, messageId: message.messages[0]?.messageId ?? 0 };
    await until(async () => (await carrier.ask(cancelMessage, asked)).outcome === 'done');
    await until(() => finals(carrier).length === 2);
    expect(finals(carrier)).toMatchObject([
      { stage: 'withdrawn', dlr: 16 },
      { stage: 'withdrawn', dlr: 16 },
    ]);
    expect(await carrier.ask(cancelMessage, asked)).toEqual({ outcome: 'refused', code: 'message-sent' });
  });

  it('is too late for what is sent, and not for other accounts', async () => {
    const carrier = await startCarrier((await simulate()).url);
    const message = messageTo(['+33600000004']);
    await carrier.accept(message);
    await until(() => finals(carrier).length === 1);
    const messageId = message.messages[0]?.messageId ?? 0;
    expect(await carrier.ask(cancelMessage, { account: message.account, messageId })).toEqual({ outcome: 'refused', code: 'message-sent' });
    expect(await carrier.ask(cancelMessage, { account: 'sms-other-1', messageId })).toEqual({ outcome: 'refused', code: 'message-unknown' });
  });
});

describe('in quiet hours', () => {
  /** They began a minute ago and last for another hour. */
  const now = new Date();
  const minute = (now.getUTCHours() * 60 + now.getUTCMinutes() + 24 * 60 - 1) % (24 * 60);
  const quietHours = { hours: { fromMinute: minute, toMinute: (minute + 61) % (24 * 60) }, days: new Set<number>() };

  it('messages with advertising wait, others go', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url, { quietHours });
    await carrier.accept(messageTo(['+33600000005'], { noStop: false }), messageTo(['+33600000004']));
    await until(() => finals(carrier).length === 1);
    expect(simulator.submissions.all().map(({ receiver }) => receiver)).toEqual(['33600000004']);
    expect((await shown(carrier, 'default'))?.queued).toBe(1);
  });

  it('what was due before and could not go out waits, too', async () => {
    const simulator = await simulate();
    const database = join(temporaryFolder(), 'carrier.db');
    const before = await startCarrier(simulator.url, {}, database);
    await before.ask(pauseCarrier, { paused: true });
    await before.accept(messageTo(['+33600000005'], { noStop: false }));
    await until(async () => (await shown(before, 'default'))?.queued === 1);
    await before.close();
    const after = await startCarrier(simulator.url, { quietHours }, database);
    await after.ask(pauseCarrier, { paused: false });
    await after.accept(messageTo(['+33600000004']));
    await until(() => finals(after).length === 1);
    expect(simulator.submissions.total).toBe(1);
  });
});
