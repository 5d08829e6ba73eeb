import type { PartReceipt } from '@kwota/contracts/receipts.v1';
import { accepted } from '@kwota/contracts/accepted.v1';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import smpp, { type Pdu, type Session } from 'smpp';
import { closeAll, messageTo, pause, simulate, startCarrier, temporaryFolder, until, withdrawalOf } from './carrier-under-test.js';

afterEach(closeAll);

const outline = ({ part, stage, ptt, dlr, final }: PartReceipt) => ({ part, stage, ptt, dlr, final });
const stages = (reported: readonly PartReceipt[]) => reported.map(({ stage }) => stage);

/** An SMSC that does what a test says with each submit_sm. */
const startSmsc = async (onSubmit: (pdu: Pdu, session: Session) => void) => {
  const server = smpp.createServer((session) => {
    session.on('error', () => session.destroy());
    session.on('bind_transceiver', (pdu) => session.send(pdu.response()));
    session.on('unbind', (pdu) => {
      session.send(pdu.response());
      session.close();
    });
    session.on('submit_sm', (pdu) => onSubmit(pdu, session));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const close = async () => {
    for (const session of [...server.sessions]) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `smpp://kwota:secret@127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`, close };
};

const receiptFor = (smscId: string, stat = 'DELIVRD', err = '004') => ({
  source_addr: '33600000004',
  destination_addr: 'KWOTA',
  esm_class: 0x04,
  short_message: Buffer.from(`id:${smscId} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:${stat} err:${err} text:id:other stat:no`),
});

describe('one SMS', () => {
  it('is submitted, then delivered', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    const message = messageTo(['+33600000004']);
    await carrier.accept(message);
    await until(() => carrier.reported.length === 2);
    expect(carrier.reported.map(outline)).toEqual([
      { part: 1, stage: 'submitted', ptt: 3, dlr: 8, final: false },
      { part: 1, stage: 'receipt', ptt: 4, dlr: 1, final: true },
    ]);
    const smscId = simulator.submissions.all()[0]?.smscId;
    expect(carrier.reported[1]).toMatchObject({
      account: message.account,
      messageId: message.messages[0]?.messageId,
      recognised: true,
      raw: { connector: 'default', smscId, stat: 'DELIVRD', err: '004', messageState: 2 },
    });
    expect(simulator.submissions.all()).toMatchObject([{ receiver: '33600000004', sender: 'KWOTA' }]);
  });

  it('that comes twice from the log is sent once', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    const message = messageTo(['+33600000004']);
    await carrier.accept(message, message);
    await until(() => carrier.reported.length === 2);
    await carrier.accept(message);
    await carrier.accept(messageTo(['+33600000005']));
    await until(() => carrier.reported.length === 4);
    expect(simulator.submissions.count('33600000004')).toBe(1);
  });

  it('of three parts has a submit_sm and a receipt for each', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    await carrier.accept(messageTo(['+33600000004'], { text: 'ż'.repeat(140), coding: 'unicode', parts: 3 }));
    await until(() => carrier.reported.length === 6);
    expect(simulator.submissions.all().map(({ part }) => part?.number)).toEqual([1, 2, 3]);
    expect(new Set(simulator.submissions.all().map(({ part }) => part?.reference)).size).toBe(1);
    expect(carrier.reported.filter(({ final }) => final).map(({ part, parts, dlr }) => [part, parts, dlr])).toEqual([
      [1, 3, 1],
      [2, 3, 1],
      [3, 3, 1],
    ]);
  });

  it('with a STOP clause has it in its last part', async () => {
    const submitted: Pdu[] = [];
    const smsc = await startSmsc((pdu, session) => {
      submitted.push(pdu);
      session.send(pdu.response({ message_id: `${submitted.length}` }));
    });
    const carrier = await startCarrier(smsc.url);
    await carrier.accept(messageTo(['+33600000004'], { noStop: false, text: 'Sale {today}', messageClass: 0 }));
    await until(() => carrier.reported.length === 1);
    expect(submitted[0]).toMatchObject({
      source_addr_ton: 5,
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: '33600000004',
      data_coding: 0x10,
      registered_delivery: 1,
    });
    const message = submitted[0]?.short_message;
    expect(message && !Buffer.isBuffer(message) && message.message.toString()).toBe('Sale {today}\nSTOP 36184');
    await carrier.close();
    await smsc.close();
  });

  it('that takes more parts than were charged is not sent: it is a dead letter', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    await carrier.accept(messageTo(['+33600000004'], { text: 'a'.repeat(161) }), messageTo(['+33600000005']));
    await until(() => carrier.deadReasons.length === 1 && carrier.reported.length === 2);
    expect(carrier.deadReasons).toEqual(['charged as 1 parts, but it takes 2']);
    expect(simulator.submissions.count('33600000004')).toBe(0);
  });

  it('deferred waits for its time', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    const deferredUntilMs = Date.now() + 400;
    await carrier.accept(messageTo(['+33600000004'], { deferredUntilMs }));
    await until(() => carrier.reported.length === 2);
    expect(carrier.reported[0]?.atMs).toBeGreaterThanOrEqual(deferredUntilMs);
  });
});

describe('when the SMSC', () => {
  it.each([
    ['+33600888011', 23],
    ['+33600888008', 20],
  ])('refuses %s, it is final and not billed', async (receiver, ptt) => {
    const carrier = await startCarrier((await simulate()).url);
    await carrier.accept(messageTo([receiver]));
    await until(() => carrier.reported.length === 1);
    expect(carrier.reported.map(outline)).toEqual([{ part: 1, stage: 'refused', ptt, dlr: 16, final: true }]);
    expect(carrier.reported[0]?.raw.commandStatus).toBe(Number(receiver.slice(-3)));
  });

  it.each(['+33600888020', '+33600888088'])('is too busy for %s, it is tried again', async (receiver) => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    await carrier.accept(messageTo([receiver]));
    await until(() => carrier.reported.length === 2);
    expect(stages(carrier.reported)).toEqual(['submitted', 'receipt']);
    expect(simulator.submissions.total).toBe(1);
  });

  it('uses a code that nobody knows, it is passed on and marked', async () => {
    const carrier = await startCarrier((await simulate()).url);
    await carrier.accept(messageTo(['+33600000777']));
    await until(() => carrier.reported.length === 2);
    expect(carrier.reported[1]).toMatchObject({ ptt: 777, dlr: 2, recognised: false });
    expect(await carrier.metrics.exposition()).toContain('kwota_carrier_codes_unknown_total{service="carrier",stage="receipt"} 1');
  });

  it('is away, messages wait, the carrier is ready and warns; when it is back they go', async () => {
    const closedPort = await simulate();
    await closedPort.close();
    const carrier = await startCarrier(closedPort.url);
    await carrier.accept(messageTo(['+33600000004']));
    await pause(50);
    expect(carrier.health.look()).toMatchObject({ ready: true, parts: { smsc: { warnings: [expect.stringContaining('away')] } } });
    expect(carrier.reported).toEqual([]);
    await simulate({ port: closedPort.port });
    await until(() => carrier.reported.length === 2);
    expect(carrier.health.look().parts['smsc']?.warnings).toEqual([]);
  });

  it('refuses the bind, the warning says so and never the password', async () => {
    const { port } = await simulate();
    const carrier = await startCarrier(`smpp://kwota:wrongpassword@127.0.0.1:${port}`);
    const warnings = () => JSON.stringify(carrier.health.look().parts['smsc']?.warnings);
    await until(() => warnings().includes('14'));
    expect(warnings()).not.toContain('wrongpassword');
  });
});

it('no more submit_sm are unanswered at a time than the window has', async () => {
  let unanswered = 0;
  let unansweredMax = 0;
  const smsc = await startSmsc((pdu, session) => {
    unanswered += 1;
    unansweredMax = Math.max(unansweredMax, unanswered);
    setTimeout(() => {
      unanswered -= 1;
      session.send(pdu.response({ message_id: String(pdu.sequence_number) }));
    }, 5);
  });
  const carrier = await startCarrier(smsc.url, { windowSize: 7 });
  await carrier.accept(messageTo(Array.from({ length: 50 }, (_, index) => `+336123456${10 + index}`)));
  await until(() => carrier.reported.length === 50);
  expect(unansweredMax).toBe(7);
  await carrier.close();
  await smsc.close();
});

describe('a part whose validity is over', () => {
  it('is never submitted', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    await carrier.accept(messageTo(['+33600000004'], { validUntilMs: Date.now() - 1 }));
    await until(() => carrier.reported.length === 1);
    expect(carrier.reported.map(outline)).toEqual([{ part: 1, stage: 'expired', ptt: 8, dlr: 2, final: true }]);
    expect(simulator.submissions.total).toBe(0);
  });

  it('expires while the SMSC is away', async () => {
    const closedPort = await simulate();
    await closedPort.close();
    const carrier = await startCarrier(closedPort.url);
    await carrier.accept(messageTo(['+33600000004'], { validUntilMs: Date.now() + 300 }));
    await until(() => carrier.reported.length === 1);
    expect(stages(carrier.reported)).toEqual(['expired']);
  });
});

describe('a withdrawal', () => {
  it('drops what is not submitted yet', async () => {
    const simulator = await simulate();
    const carrier = await startCarrier(simulator.url);
    const message = messageTo(['+33600000004'], { deferredUntilMs: Date.now() + 300 });
    await carrier.accept(message, withdrawalOf(message));
    await until(() => carrier.reported.length === 1);
    expect(carrier.reported.map(outline)).toEqual([{ part: 1, stage: 'withdrawn', ptt: 20, dlr: 16, final: true }]);
    await carrier.accept(message, withdrawalOf(message));
    await pause(600);
    expect(carrier.reported).toHaveLength(1);
    expect(simulator.submissions.total).toBe(0);
  });

  it('changes nothing about what is submitted', async () => {
    const carrier = await startCarrier((await simulate()).url);
    const message = messageTo(['+33600000004']);
    await carrier.accept(message);
    await until(() => carrier.reported.length === 2);
    await carrier.accept(withdrawalOf(message), messageTo(['+33600000005']));
    await until(() => carrier.reported.length === 4);
    expect(stages(carrier.reported)).not.toContain('withdrawn');
  });
});

describe('receipts', () => {
  it('that come before the answer to their submit_sm are kept for it', async () => {
    const smsc = await startSmsc((pdu, session) => {
      session.deliver_sm(receiptFor('early-1', 'ENROUTE', '001'), () =>
        session.deliver_sm(receiptFor('early-1'), () => session.send(pdu.response({ message_id: 'early-1' }))),
      );
    });
    const carrier = await startCarrier(smsc.url, { windowSize: 1 });
    await carrier.accept(messageTo(['+33600000004']));
    await until(() => carrier.reported.length === 3);
    expect(carrier.reported.map(({ stage, ptt }) => [stage, ptt])).toEqual([
      ['submitted', 3],
      ['receipt', 1],
      ['receipt', 4],
    ]);
    expect(carrier.reported[2]?.raw).toMatchObject({ stat: 'DELIVRD', err: '004' });
    await carrier.close();
    await smsc.close();
  });

  it('find their message after a restart', async () => {
    const simulator = await simulate({ receiptDelayMs: 300 });
    const database = join(temporaryFolder(), 'carrier.db');
    const first = await startCarrier(simulator.url, {}, database);
    await first.accept(messageTo(['+33600000023']));
    await until(() => first.reported.length === 1);
    await first.close();
    const second = await startCarrier(simulator.url, {}, database);
    await until(() => second.reported.length === 1);
    expect(second.reported.map(outline)).toEqual([{ part: 1, stage: 'receipt', ptt: 23, dlr: 2, final: true }]);
    await until(() => simulator.receiptsWaiting() === 0);
  });

  it('of an SMSC with codes of its own are judged by their state', async () => {
    const carrier = await startCarrier((await simulate()).url, { profile: 'generic' });
    await carrier.accept(messageTo(['+33600000021']));
    await until(() => carrier.reported.length === 2);
    expect(carrier.reported[1]).toMatchObject({ ptt: 8, dlr: 2, raw: { err: '021' } });
  });
});

describe('an answer that never came', () => {
  /** Takes the first submit_sm and hangs up instead of answering. */
  const startForgetfulSmsc = () => {
    let submitted = 0;
    return startSmsc((pdu, session) => {
      submitted += 1;
      if (submitted === 1) session.destroy();
      else session.send(pdu.response({ message_id: `id-${submitted}` }));
    });
  };

  it('has the part sent again', async () => {
    const smsc = await startForgetfulSmsc();
    const carrier = await startCarrier(smsc.url);
    await carrier.accept(messageTo(['+33600000004']));
    await until(() => carrier.reported.length === 1);
    expect(carrier.reported[0]).toMatchObject({ stage: 'submitted', raw: { smscId: 'id-2' } });
    await carrier.close();
    await smsc.close();
  });

  it('with policy never leaves it until its validity is over: its end is unknown', async () => {
    const smsc = await startForgetfulSmsc();
    const carrier = await startCarrier(smsc.url, { lostAnswer: 'never' });
    await carrier.accept(messageTo(['+33600000004'], { validUntilMs: Date.now() + 500 }));
    await until(() => carrier.reported.length === 1);
    expect(carrier.reported.map(outline)).toEqual([{ part: 1, stage: 'expired', ptt: 6, dlr: 2, final: true }]);
    await carrier.close();
    await smsc.close();
  });

  it('because the process ended is found by the next one, which sends again', async () => {
    const database = join(temporaryFolder(), 'carrier.db');
    const silent = await startSmsc(() => undefined);
    const first = await startCarrier(silent.url, {}, database);
    await first.accept(messageTo(['+33600000004']));
    await pause(100);
    const closing = first.close();
    await silent.close();
    await closing;
    const simulator = await simulate();
    const second = await startCarrier(simulator.url, {}, database);
    await until(() => second.reported.length === 2);
    expect(simulator.submissions.total).toBe(1);
  });
});

it('thousands of messages each get their two reports', async () => {
  const simulator = await simulate();
  const carrier = await startCarrier(simulator.url);
  const batches = Array.from({ length: 10 }, (_, batch) => messageTo(Array.from({ length: 200 }, (_, index) => `+336${batch}${100 + index}12345`)));
  await carrier.accept(...batches);
  await until(() => carrier.reported.length === 4_000);
  expect(new Set(carrier.reported.map(({ messageId, stage }) => `${messageId} ${stage}`)).size).toBe(4_000);
  expect(simulator.submissions.total).toBe(2_000);
});

it.each(Object.entries(JSON.parse(readFileSync(new URL('../../../libs/contracts/golden/accepted.json', import.meta.url), 'utf8'))))(
  'the published example %s is handled',
  async (_, example) => {
    const carrier = await startCarrier((await simulate()).url);
    const read = accepted.read(JSON.stringify(example), undefined);
    if (!('message' in read)) throw new Error('The example breaks its contract.');
    await carrier.accept(read.message, messageTo(['+33600000004']));
    await until(() => carrier.reported.some(({ final }) => final));
  },
);
