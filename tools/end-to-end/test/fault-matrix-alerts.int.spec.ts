// The matrix of faults, its part about alerts: alerts killed at each of its steps while the mail server fails in its ways. Each crossing is told
// by mail and by an SMS to a number of its own; mails are counted by their Message-ID, SMS as any message.
import { alerts } from '@kwota/contracts/alerts.v1';
import { setAlertRecipient } from '@kwota/contracts/alerts.requests.v1';
import { credit } from '@kwota/contracts/credit.v1';
import { DurableDatabase } from '@kwota/service-kit/sqlite';
import { hangUp, saysNothing, startMailServer, type AnswerTo } from '@kwota/testing/mail-server';
import type { KillPoint } from './fault-kills.js';
import { countsOf, printMatrix, randomOf, repeated, until, type Row } from './fault-table.js';
import { account, openWorld, type World } from './fault-world.js';

const killsPerCell = 10;
/** Taking a crossing, claiming its alerts, ending each: more than one crossing needs. */
const stepsMax = 6;
const crossingsPerKill = 2;
const crossingsMax = 60;
/** The retries' pauses are taken away by restarts, of which each lets what waits be due. */
const restartsMax = 20;
const settledWithinMs = 1_500;
const submittedWithinMs = 20_000;
/** What alerts has under way at once, and a kill finds unrecorded at most. */
const mailsAtOnceMax = 10;

/** `answer` with the how-manieth command of its kind it is. `twice`: SMTP's own doubt, which the runbook explains. */
type MailFault = Readonly<{ name: string; answer: (command: string, nth: number) => ReturnType<AnswerTo>; isTwice?: boolean; isRefused?: boolean }>;
const one = (in_: number, nth: number): boolean => nth % in_ === 0;
const faults: readonly MailFault[] = [
  { name: 'none', answer: () => undefined },
  { name: 'mail server hangs up when called', answer: (command, nth) => (command === 'CONNECT' && one(2, nth) ? hangUp : undefined) },
  { name: 'mail server greets nobody', answer: (command, nth) => (command === 'CONNECT' && one(4, nth) ? saysNothing : undefined) },
  { name: 'mail server wants it later', answer: (command, nth) => (command === 'MAIL FROM' && one(2, nth) ? '451 try later' : undefined) },
  { name: 'mail server refuses the recipient', answer: (command) => (command === 'RCPT TO' ? '550 no such mailbox' : undefined), isRefused: true },
  { name: 'mail server hangs up before the text', answer: (command, nth) => (command === 'DATA' && one(2, nth) ? hangUp : undefined) },
  { name: 'mail server refuses the text for now', answer: (command, nth) => (command === '.' && one(2, nth) ? '452 no room' : undefined) },
  { name: 'mail server takes it and hangs up', answer: (command, nth) => (command === '.' && one(3, nth) ? hangUp : undefined), isTwice: true },
];
const points: readonly KillPoint[] = ['before', 'after'];

const rows: Row[] = [];
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const openStage = async ({ answer }: MailFault) => {
  const commands = new Map<string, number>();
  let isWell = false;
  const server = await startMailServer((command) => {
    const [kind = ''] = /^[A-Z ]+(?=:|$)|^\.$/.exec(command) ?? [];
    commands.set(kind, (commands.get(kind) ?? 0) + 1);
    return isWell ? undefined : answer(kind, commands.get(kind) ?? 0);
  });
  ends.push(server.close);
  const world = await openWorld({ smtpUrl: server.url, outer: 'users', onKill: server.cutConnections });
  ends.push(world.close);
  const settled = new Map<string, string>();
  await world.messaging.subscribe({
    topic: alerts.topic,
    group: 'faults',
    kind: 'broadcast',
    handle: async (batch) => {
      for (const { value, headers } of batch) {
        const read = alerts.read(value ?? '', headers['ce_type']);
        if ('message' in read) settled.set(`${read.message.crossingId} ${read.message.medium}`, read.message.outcome);
      }
    },
  });
  return { server, world, settled, recover: () => void (isWell = true) };
};

/** Seven digits of which none ends in a pattern by which the simulator decides. */
const numberOf = (index: number): string => `+3361${2_001_001 + index}`;
const setRecipients = (world: World): Promise<unknown> =>
  Promise.all(
    Array.from({ length: crossingsMax }, (_, index) =>
      world.requests.ask(setAlertRecipient, { account, userId: `u-${index}`, recipient: { alertEmail: `owner${index}@example.org`, alertNumber: numberOf(index), support: 'both' } }),
    ),
  );
const cross = ({ messaging }: World, index: number): Promise<void> =>
  messaging.publish([
    credit.message(
      {
        type: 'ThresholdCrossed',
        account,
        accountSequence: 1_000_000 + index,
        time: new Date().toISOString(),
        crossingId: `crossing-${index}`,
        userId: `u-${index}`,
        levelMilliCredits: 5_000,
        leftMilliCredits: 4_000,
        causedBy: 'http2sms',
      },
      { id: `crossing-${index}`, source: 'kwota/ledger' },
    ),
  ]);
/** As if the pause of a retry, or the claim of a process that died, were over. */
const letTimePass = (store: string) => (): void => {
  const database = new DurableDatabase(store);
  database.exec("UPDATE alert SET \"dueAtMs\" = 0 WHERE state = 'waiting'");
  database.close();
};

it.each(faults.map((fault) => [fault.name, fault] as const))(
  'alerts killed before and after its commits, fault: %s',
  async (_, fault) => {
    const random = randomOf(rows.length + 1);
    const { server, world, settled, recover } = await openStage(fault);
    const pass = letTimePass(world.storeOf('alerts'));
    await setRecipients(world);
    let crossings = 0;
    for (let kill = 0; kill < killsPerCell; kill += 1) {
      const meanwhile = async (isDead: () => boolean): Promise<void> => {
        while (!isDead()) {
          if (crossings < crossingsMax) for (let more = 0; more < crossingsPerKill; more += 1) await cross(world, (crossings += 1) - 1);
          for (let waited = 0; waited < 40 && !isDead(); waited += 1) await new Promise((resolve) => setTimeout(resolve, 2));
        }
      };
      await world.killAt('alerts', 1 + Math.floor(random() * stepsMax), points[Math.floor(random() * points.length)] ?? 'before', meanwhile, pass);
    }
    const all = Array.from({ length: crossings }, (__, index) => index);
    const keys = all.flatMap((index) => [`crossing-${index} mail`, `crossing-${index} sms`]);
    if (!fault.isRefused) recover();
    const isOver = (): boolean => keys.every((key) => settled.has(key));
    for (let restarts = 0; restarts < restartsMax && !(await until(isOver, settledWithinMs)); restarts += 1) {
      server.cutConnections();
      await world.restart('alerts', pass);
    }
    // An SMS has been handed over when the ledger has it; the SMSC gets it in its own time.
    const submitted = () => countsOf(world.smsc.submissions.all().map(({ receiver }) => receiver));
    await until(() => all.every((index) => submitted().has(numberOf(index).slice(1))), submittedWithinMs);
    const mails = countsOf(server.received.map(({ content }) => /^Message-ID: (.*)$/m.exec(content)?.[1]));
    const texts = submitted();
    const mailed = new Set(server.received.flatMap(({ to }) => to));
    const isTold = (index: number): boolean => (fault.isRefused ? settled.get(`crossing-${index} mail`) === 'failed' : mailed.has(`owner${index}@example.org`));
    const held = new Map(world.facts.flatMap((fact) => (fact.type === 'CreditsHeld' ? [[fact.accountSequence, fact.messageId] as const] : [])));
    const row: Row = {
      victim: 'alerts',
      fault: fault.name,
      times: killsPerCell,
      messages: 2 * crossings,
      lost: all.filter((index) => !isTold(index) || !texts.has(numberOf(index).slice(1))).length,
      sentTwice: repeated(mails) + repeated(texts),
      chargedTwice: repeated(countsOf([...held.values()])) + Math.max(0, new Set(held.values()).size - crossings),
      calledBackTwice: '-',
    };
    rows.push(row);
    expect({ lost: row.lost, chargedTwice: row.chargedTwice, smsTwice: repeated(texts), settled: isOver() }).toEqual({ lost: 0, chargedTwice: 0, smsTwice: 0, settled: true });
    if (fault.isRefused) expect(server.received).toEqual([]);
    // Documented: a mail that the server took while its "250" was not recorded goes out again under the same Message-ID, once more for each such kill.
    else if (!fault.isTwice) expect(server.received.length - mails.size).toBeLessThanOrEqual(mailsAtOnceMax * killsPerCell);
  },
  120_000,
);

afterAll(() => printMatrix(rows, 'kills'));
