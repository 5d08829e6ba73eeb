// The matrix of faults, its part about the broker: for one process after the other each third of its publishes fails, or is stored and gets
// no answer, or everything that it reads comes twice, while scripts send. With a real broker: kafka-faults.e2e.spec.
import { credit } from '@kwota/contracts/credit.v1';
import { setAlertRecipient } from '@kwota/contracts/alerts.requests.v1';
import { startMailServer } from '@kwota/testing/mail-server';
import { brokerFaults } from './fault-log.js';
import { FaultScripts } from './fault-scripts.js';
import { countsOf, printMatrix, repeated, until, type Row } from './fault-table.js';
import { account, openWorld, userId, type ServiceName, type World } from './fault-world.js';

const processes: readonly ServiceName[] = ['gateway', 'users', 'ledger', 'carrier', 'dlr', 'alerts'];
const scripts = 4;
const messagesPerScript = 6;
const changesPerCell = 2;
const crossingsPerCell = 3;
const faultsMin = 2;
/** A user's alert SMS to one number joins another within ten minutes: mails alone are counted. */
const recipient = { alertEmail: 'owner@example.org', alertNumber: '', support: 'mail' } as const;

const rows: Row[] = [];
let world: World;
let server: Awaited<ReturnType<typeof startMailServer>>;
let told: FaultScripts;
let crossings = 0;
let changes = 0;

beforeAll(async () => {
  server = await startMailServer();
  world = await openWorld({ smtpUrl: server.url, outer: 'users and gateway' });
  await world.requests.ask(setAlertRecipient, { account, userId, recipient });
}, 60_000);
afterAll(async () => {
  printMatrix(rows, 'faults');
  await world?.close();
  await server?.close();
}, 60_000);

const cross = (): Promise<void> => {
  const crossingId = `crossing-${(crossings += 1)}`;
  const event = {
    type: 'ThresholdCrossed',
    account,
    accountSequence: 1_000_000 + crossings,
    time: new Date().toISOString(),
    crossingId,
    userId,
    levelMilliCredits: 5_000,
    leftMilliCredits: 4_000,
    causedBy: 'http2sms',
  } as const;
  return world.messaging.publish([credit.message(event, { id: crossingId, source: 'kwota/ledger' })]);
};

it.each(processes.flatMap((name) => brokerFaults.map((fault) => [name, fault] as const)))(
  '%s: %s',
  async (name, fault) => {
    told = new FaultScripts(world);
    const mailsBefore = crossings;
    let faults = 0;
    world.disturb(name, fault);
    // Until it has met some: most services publish once for many messages.
    for (let round = 0; round === 0 || (faults < faultsMin && round < 10); round += 1) {
      const script = async (): Promise<void> => {
        for (let sent = 0; sent < messagesPerScript; sent += 1) await told.send();
      };
      const operator = async (): Promise<void> => {
        for (let change = 0; change < changesPerCell; change += 1) await told.change((changes += 1));
      };
      await Promise.all([...Array.from({ length: scripts }, script), operator(), ...Array.from({ length: crossingsPerCell }, cross)]);
      faults = world.disturb(name, fault);
    }
    world.disturb(name, undefined);
    const mails = () => countsOf(server.received.map(({ content }) => /^Message-ID: (.*)$/m.exec(content)?.[1]));
    const mailed = await until(() => mails().size === crossings, 20_000);
    const { chargedWithoutOk, openHolds, ...row } = await told.outcome(name, fault, faults);
    rows.push({ ...row, messages: row.messages + crossings - mailsBefore, lost: row.lost + crossings - mails().size, sentTwice: row.sentTwice + repeated(mails()) });
    expect(faults).toBeGreaterThanOrEqual(faultsMin);
    const held = { lost: 0, sentTwice: 0, chargedTwice: 0, calledBackTwice: 0, chargedWithoutOk: 0, openHolds: 0, mailed: true };
    expect({ ...rows.at(-1), chargedWithoutOk, openHolds, mailed }).toMatchObject(held);
  },
  120_000,
);
