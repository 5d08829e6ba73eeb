import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import smpp, { type Pdu, type PduFields, type Session } from 'smpp';
import { parseScript, startSmscSimulator, type SmscSimulator, type SmscSimulatorOptions } from './smsc-simulator.js';

const credentials = { system_id: 'kwota', password: 'secret' };
const underTest: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const opened of underTest.splice(0).reverse()) await opened.close();
});

const simulate = async (options?: SmscSimulatorOptions): Promise<SmscSimulator> => {
  const simulator = await startSmscSimulator(options);
  underTest.push(simulator);
  return simulator;
};

type Command = 'query_sm' | 'bind_transceiver' | 'bind_transmitter' | 'submit_sm' | 'enquire_link' | 'unbind';
const ask = (session: Session, command: Command, fields: PduFields = {}): Promise<Pdu> =>
  new Promise((resolve, reject) => {
    if (!session[command](fields, resolve)) reject(new Error('The socket takes no more.'));
  });

/** A client that answers its receipts and hands them out in order. */
const connect = async ({ port }: SmscSimulator) => {
  const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` });
  const receipts: Pdu[] = [];
  session.on('error', () => session.destroy());
  session.on('deliver_sm', (pdu) => {
    receipts.push(pdu);
    session.send(pdu.response());
  });
  await new Promise<void>((resolve) => session.on('connect', resolve));
  const close = () => new Promise<void>((resolve) => (session.socket.destroyed ? resolve() : session.destroy(resolve)));
  underTest.push({ close });
  return { session, receipts, close };
};

const bind = async (simulator: SmscSimulator) => {
  const client = await connect(simulator);
  await ask(client.session, 'bind_transceiver', credentials);
  return client;
};

const message = (receiver: string, fields: PduFields = {}): PduFields => ({
  source_addr: 'KWOTA',
  destination_addr: receiver,
  registered_delivery: 1,
  short_message: Buffer.from('Hello'),
  data_coding: 0,
  ...fields,
});

const until = async (holds: () => boolean): Promise<void> => {
  for (const giveUpAtMs = Date.now() + 3_000; !holds(); ) {
    if (Date.now() > giveUpAtMs) throw new Error('It did not come about within three seconds.');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

const textOf = (receipt: Pdu | undefined): string => {
  const content = receipt?.short_message;
  return content && !Buffer.isBuffer(content) ? content.message.toString() : '';
};

describe('binding', () => {
  it.each([
    ['a wrong password', { system_id: 'kwota', password: 'other' }, 0x0e],
    ['an unknown system_id', { system_id: 'other', password: 'secret' }, 0x0f],
    ['the right credentials', credentials, 0],
  ])('with %s', async (_, fields, status) => {
    const { session } = await connect(await simulate());
    expect(await ask(session, 'bind_transceiver', fields)).toMatchObject({ command_status: status });
  });

  it('is needed before a submit_sm and possible once', async () => {
    const { session } = await connect(await simulate());
    expect((await ask(session, 'submit_sm', message('+33600000004'))).command_status).toBe(0x04);
    await ask(session, 'bind_transceiver', credentials);
    expect((await ask(session, 'bind_transceiver', credentials)).command_status).toBe(0x05);
  });

  it('a transmitter submits but gets no receipts; unbind ends the session', async () => {
    const simulator = await simulate();
    const { session, receipts } = await connect(simulator);
    await ask(session, 'bind_transmitter', credentials);
    await ask(session, 'submit_sm', message('+33600000004'));
    expect((await ask(session, 'enquire_link')).command_status).toBe(0);
    expect(receipts).toEqual([]);
    expect(simulator.receiptsWaiting()).toBe(1);
    const closed = new Promise<void>((resolve) => session.on('close', resolve));
    expect((await ask(session, 'unbind')).command_status).toBe(0);
    await closed;
  });

  it('the url it reports is the one to connect to, whatever the password holds', async () => {
    const { url } = await simulate({ password: 'p@ss:word' });
    expect(decodeURIComponent(new URL(url).password)).toBe('p@ss:word');
  });
});

describe('the receiver decides', () => {
  it.each([
    ['+33600000000', 'DELIVRD', '004', 2],
    ['+33600000004', 'DELIVRD', '004', 2],
    ['+33612345678', 'DELIVRD', '004', 2],
    ['+33600999000', 'DELIVRD', '004', 2],
    ['+33600888000', 'DELIVRD', '004', 2],
    ['+33600000001', 'ENROUTE', '001', 1],
    ['+33600000003', 'ACCEPTD', '003', 6],
    ['+33600000006', 'UNKNOWN', '006', 7],
    ['+33600000008', 'EXPIRED', '008', 3],
    ['+33600000021', 'EXPIRED', '021', 3],
    ['+33600000023', 'UNDELIV', '023', 5],
    ['+33600000029', 'REJECTD', '029', 8],
    ['+33600000202', 'REJECTD', '202', 8],
    ['33600000777', 'UNDELIV', '777', 5],
  ])('%s gets stat %s and err %s', async (receiver, stat, err, messageState) => {
    const { session, receipts } = await bind(await simulate());
    const { message_id: smscId } = await ask(session, 'submit_sm', message(receiver));
    await until(() => receipts.length > 0);
    expect(receipts).toHaveLength(1);
    expect(receipts[0]).toMatchObject({
      esm_class: 0x04,
      source_addr: receiver,
      destination_addr: 'KWOTA',
      receipted_message_id: smscId,
      message_state: messageState,
    });
    const counts = stat === 'DELIVRD' ? 'dlvrd:001' : 'dlvrd:000';
    expect(textOf(receipts[0])).toMatch(
      new RegExp(`^id:${smscId} sub:001 ${counts} submit date:\\d{10} done date:\\d{10} stat:${stat} err:${err} text:Hello$`),
    );
  });

  it('…999003 delays its receipt by three tenths of a second', async () => {
    const { session, receipts } = await bind(await simulate());
    await ask(session, 'submit_sm', message('+33600999003'));
    const answeredAtMs = performance.now();
    await until(() => receipts.length === 1);
    // Timers count whole milliseconds from their loop turn's start, so one may seem to fire a little early.
    expect(performance.now() - answeredAtMs).toBeGreaterThan(280);
  });

  it.each([8, 11, 69])('…888 and %i is refused with it each time, without a receipt', async (status) => {
    const simulator = await simulate();
    const { session } = await bind(simulator);
    const receiver = `+33600888${String(status).padStart(3, '0')}`;
    expect((await ask(session, 'submit_sm', message(receiver))).command_status).toBe(status);
    expect((await ask(session, 'submit_sm', message(receiver))).command_status).toBe(status);
    expect(simulator.submissions.total + simulator.receiptsWaiting()).toBe(0);
  });

  it.each([20, 88])('…888 and %i is refused with it the first time only', async (status) => {
    const { session, receipts } = await bind(await simulate());
    const receiver = `+33600888${String(status).padStart(3, '0')}`;
    expect((await ask(session, 'submit_sm', message(receiver))).command_status).toBe(status);
    expect((await ask(session, 'submit_sm', message(receiver))).command_status).toBe(0);
    await until(() => receipts.length === 1);
  });

  it.each([
    [0, '+33600000004', 0],
    [1, '+33600000004', 1],
    [2, '+33600000004', 0],
    [2, '+33600000023', 1],
    [3, '+33600000023', 0],
    [0x10, '+33600000001', 1],
  ])('registered_delivery %i for %s asks for %i receipts', async (registeredDelivery, receiver, expected) => {
    const simulator = await simulate();
    const { session, receipts } = await bind(simulator);
    await ask(session, 'submit_sm', message(receiver, { registered_delivery: registeredDelivery }));
    await ask(session, 'submit_sm', message('+33600000005'));
    await until(() => receipts.length === expected + 1);
  });
});

describe('a receipt', () => {
  it('is kept while nobody is bound and goes to the next session', async () => {
    const simulator = await simulate({ receiptDelayMs: 20 });
    const first = await bind(simulator);
    const { message_id: smscId } = await ask(first.session, 'submit_sm', message('+33600000004'));
    await first.close();
    await until(() => simulator.receiptsWaiting() === 1);
    const second = await bind(simulator);
    await until(() => second.receipts.length === 1);
    expect(second.receipts[0]?.receipted_message_id).toBe(smscId);
    await until(() => simulator.receiptsWaiting() === 0);
  });

  it('comes again when the session ended before it answered', async () => {
    const simulator = await simulate();
    const { session, close } = await connect(simulator);
    session.removeAllListeners('deliver_sm');
    let delivered = 0;
    session.on('deliver_sm', () => (delivered += 1));
    await ask(session, 'bind_transceiver', credentials);
    await ask(session, 'submit_sm', message('+33600000004'));
    await until(() => delivered === 1);
    await close();
    const second = await bind(simulator);
    await until(() => second.receipts.length === 1);
  });

  it('follows the answer to its submit_sm, however late that is', async () => {
    const { session } = await bind(await simulate({ latencyMs: 20 }));
    const order: string[] = [];
    session.on('deliver_sm', () => order.push('receipt'));
    session.on('submit_sm_resp', () => order.push('answer'));
    await ask(session, 'submit_sm', message('+33600000004'));
    await until(() => order.length === 2);
    expect(order).toEqual(['answer', 'receipt']);
  });
});

it('each part of a joined message has an id and a receipt of its own', async () => {
  const simulator = await simulate();
  const { session, receipts } = await bind(simulator);
  for (const number of [1, 2]) {
    const udh = Buffer.of(5, 0, 3, 77, 2, number);
    await ask(session, 'submit_sm', message('+33600000004', { esm_class: 0x40, short_message: { udh, message: Buffer.from('part') } }));
  }
  await until(() => receipts.length === 2);
  const [first, second] = simulator.submissions.all();
  expect(first?.part).toEqual({ reference: 77, number: 1, of: 2 });
  expect(second?.part).toEqual({ reference: 77, number: 2, of: 2 });
  expect(first?.textSha256).toBe(second?.textSha256);
  expect(receipts.map((receipt) => receipt.receipted_message_id)).toEqual([first?.smscId, second?.smscId]);
});

it('message ids of another run are others', async () => {
  const submitOnce = async () => (await ask((await bind(await simulate())).session, 'submit_sm', message('+33600000004'))).message_id;
  expect(await submitOnce()).not.toBe(await submitOnce());
});

describe('what was submitted', () => {
  it('is counted by receiver and reference, and told at once', async () => {
    const told: string[] = [];
    const simulator = await simulate({ onSubmit: ({ receiver }) => told.push(receiver) });
    const { session } = await bind(simulator);
    for (const reference of [1, 1, 2]) await ask(session, 'submit_sm', message('+33600000004', { user_message_reference: reference }));
    expect(simulator.submissions.count('+33600000004')).toBe(3);
    expect(simulator.submissions.count('+33600000004', 1)).toBe(2);
    expect(simulator.submissions.count('+33600000005')).toBe(0);
    expect(told).toHaveLength(3);
  });

  it('is forgotten beyond what is to be kept, but not in the total', async () => {
    const simulator = await simulate({ submissionsKeptMax: 2 });
    const { session } = await bind(simulator);
    for (const digit of [1, 2, 3]) await ask(session, 'submit_sm', message(`+3361234567${digit}`));
    expect(simulator.submissions.all().map(({ receiver }) => receiver)).toEqual(['+33612345672', '+33612345673']);
    expect(simulator.submissions.total).toBe(3);
  });

  it('is in the log file when the answer arrives, and its text is not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kwota-simulator-'));
    underTest.push({ close: async () => rmSync(folder, { recursive: true }) });
    const logFile = join(folder, 'submitted.jsonl');
    const { session } = await bind(await simulate({ logFile }));
    const { message_id: smscId } = await ask(session, 'submit_sm', message('+33600000004', { user_message_reference: 9 }));
    const written = readFileSync(logFile, 'utf8');
    expect(JSON.parse(written)).toMatchObject({ receiver: '+33600000004', smscId, userMessageReference: 9 });
    expect(written).not.toContain('Hello');
  });
});

it('thousands at once are all answered and all get their receipt', async () => {
  const simulator = await simulate();
  const { session, receipts } = await bind(simulator);
  const submitted = Array.from({ length: 5_000 }, (_, index) => ask(session, 'submit_sm', message(`+336120${index}`)));
  const ids = (await Promise.all(submitted)).map((answer) => answer.message_id);
  expect(new Set(ids).size).toBe(5_000);
  await until(() => receipts.length === 5_000);
  expect(new Set(receipts.map((receipt) => receipt.receipted_message_id))).toEqual(new Set(ids));
});

describe('a script', () => {
  const submit = (session: Session, receiver = '+33600000004') => ask(session, 'submit_sm', message(receiver));

  it.each([
    ['lost', 0],
    ['twice', 2],
  ] as const)('has a receipt %s: %i come', async (receipt, expected) => {
    const { session, receipts } = await bind(await simulate({ script: [{ receivers: '004$', receipt }] }));
    await submit(session);
    await submit(session, '+33600000005');
    await until(() => receipts.length === expected + 1);
  });

  it('has a receipt before its answer', async () => {
    const { session } = await bind(await simulate({ script: [{ receivers: '.', receipt: 'before' }] }));
    const order: string[] = [];
    session.on('deliver_sm', () => order.push('receipt'));
    session.on('submit_sm_resp', () => order.push('answer'));
    await submit(session);
    expect(order).toEqual(['receipt', 'answer']);
  });

  it.each([
    ['hex', (id: string) => BigInt(id).toString(16).toUpperCase()],
    ['zeros', (id: string) => `0000${id}`],
  ] as const)('spells ids with %s, in the text alone or in a TLV alone', async (receiptId, spelled) => {
    const script = [
      { receivers: '4$', receiptId, receiptForm: 'text' },
      { receivers: '5$', receiptId, receiptForm: 'tlv' },
    ] as const;
    const { session, receipts } = await bind(await simulate({ ids: 'decimal', script }));
    const ids = [await submit(session), await submit(session, '+33600000005')].map((answer) => spelled(answer.message_id ?? ''));
    await until(() => receipts.length === 2);
    expect(receipts[0]).not.toHaveProperty('receipted_message_id');
    expect(textOf(receipts[0])).toContain(`id:${ids[0]} `);
    expect(receipts[1]?.receipted_message_id).toBe(ids[1]);
    expect(textOf(receipts[1])).toBe('');
  });

  it('takes a submit_sm and hangs up, or loses it, so many times', async () => {
    const simulator = await simulate({ script: [{ receivers: '4$', answer: 'hang-up', times: 1 }, { receivers: '4$', answer: 'lose', times: 1 }] });
    for (const taken of [1, 1, 2]) {
      const { session } = await bind(simulator);
      const closed = new Promise<void>((resolve) => session.on('close', resolve));
      const answered = submit(session).then(() => undefined);
      await Promise.race([closed, answered]);
      expect(simulator.submissions.total).toBe(taken);
    }
  });

  it('refuses with a status, then goes on', async () => {
    const { session } = await bind(await simulate({ script: [{ receivers: '4$', status: 8, times: 1 }] }));
    expect([(await submit(session)).command_status, (await submit(session)).command_status]).toEqual([8, 0]);
  });

  it.each([
    ['{}', 'list'],
    ['[{}]', 'rule 1 has no receivers'],
    ['[{"receivers":"4$"},{"receivers":"5$","ptt":-1}]', 'rule 2: ptt'],
    ['[{"receivers":"4$","recipt":"lost"}]', 'rule 1: recipt'],
  ])('%s is refused with a reason', (json, reason) => expect(() => parseScript(json)).toThrow(reason));

  it('is read from JSON', () => expect(parseScript('[{"receivers":"4$","receipt":"lost"}]')).toEqual([{ receivers: '4$', receipt: 'lost' }]));
});

describe('a busy SMSC', () => {
  it('throttles what is over its window', async () => {
    const { session } = await bind(await simulate({ windowMax: 2, latencyMs: 400 }));
    const answers = await Promise.all([1, 2, 3].map((digit) => ask(session, 'submit_sm', message(`+3361234567${digit}`))));
    expect(answers.map(({ command_status: status }) => status)).toEqual([0, 0, 0x58]);
  });

  it('throttles what is over its rate, and takes more in the next second', async () => {
    const { session } = await bind(await simulate({ submitsPerSecondMax: 2 }));
    const answers = await Promise.all([1, 2, 3].map((digit) => ask(session, 'submit_sm', message(`+3361234567${digit}`))));
    expect(answers.filter(({ command_status: status }) => status === 0x58)).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect((await ask(session, 'submit_sm', message('+33612345678'))).command_status).toBe(0);
  });
});

it('a message from a phone comes to who is bound', async () => {
  const simulator = await simulate();
  const { receipts } = await bind(simulator);
  simulator.fromPhone({ from: '33600000004', to: '36184', text: 'STOP żółw' });
  await until(() => receipts.length === 1);
  expect(receipts[0]).toMatchObject({ source_addr: '33600000004', destination_addr: '36184', esm_class: 0 });
  expect(textOf(receipts[0])).toBe('STOP żółw');
});

it('query_sm tells how a message ended, where it is offered', async () => {
  const { session } = await bind(await simulate({ answersQueries: true, receiptDelayMs: 30 }));
  const { message_id: smscId = '' } = await ask(session, 'submit_sm', message('+33600000023'));
  const query = () => ask(session, 'query_sm', { message_id: smscId });
  expect(await query()).toMatchObject({ command_status: 0, message_state: 1 });
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(await query()).toMatchObject({ message_id: smscId, message_state: 5 });
  expect((await ask(session, 'query_sm', { message_id: 'other' })).command_status).toBe(0x67);
  const { session: silent } = await bind(await simulate());
  expect((await ask(silent, 'query_sm', { message_id: smscId })).command_status).toBe(0x03);
});

it('hanging up loses all links, and it takes new ones', async () => {
  const simulator = await simulate();
  const { session } = await bind(simulator);
  const closed = new Promise<void>((resolve) => session.on('close', resolve));
  simulator.hangUp();
  await closed;
  await bind(simulator);
});
