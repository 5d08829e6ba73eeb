// A matrix of faults: each service killed at each of its steps while the SMSC and the customer's endpoint fail in their ways. Each cell prints
// how many were lost, sent twice, charged twice and called back twice.
import type { SmscSimulatorOptions } from '@kwota/smsc-simulator';
import type { KillPoint } from './fault-kills.js';
import { countsOf, printMatrix, randomOf, repeated, until, type Row } from './fault-table.js';
import { openWorld, type ServiceName, type World, type WorldOptions } from './fault-world.js';

const killsPerCell = 63;
/** Of a service: more than it needs for the messages of one kill. */
const stepsMax = 4;
const messagesPerKill = 2;
const settleWithinMs = 20_000;
/** With `never` some stay open for days. */
const unknownWithinMs = 2_000;

type Fault = Readonly<{ name: string; world: WorldOptions; /** An answer may be lost, and the SMS goes out twice. */ resent: boolean; /** It is never sent again: it may not arrive, and its end is unknown until its validity is over. */ never?: boolean }>;
const smscThat = (name: string, smsc: SmscSimulatorOptions, resent = false): Fault => ({ name, world: { smsc }, resent });
const faults: readonly Fault[] = [
  smscThat('none', {}),
  smscThat('receipts twice, early, out of order', { receiptsShuffledOverMs: 30, script: [{ receivers: '1$', receipt: 'before' }, { receivers: '[2-5]$', receipt: 'twice' }] }),
  smscThat('SMSC hangs up unanswered', { script: Array.from({ length: 20 }, () => ({ receivers: '3$', answer: 'hang-up', times: 1 }) as const) }, true),
  smscThat('SMSC throttles', { windowMax: 4, latencyMs: 1 }),
  { name: 'endpoint fails first', world: { endpointStatus: (calls) => (calls % 3 === 1 ? 503 : 200) }, resent: false },
];
/** The policy `never` is the carrier's alone. */
const neverAgain: Fault = { name: 'none, nothing is sent again', world: { lostAnswer: 'never' }, resent: false, never: true };
const points: readonly KillPoint[] = ['before', 'after'];
const victims: readonly ServiceName[] = ['ledger', 'carrier', 'dlr'];

const rows: Row[] = [];
let opened: World | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

const cells = [...victims.flatMap((victim) => faults.map((fault) => [victim, fault.name, fault] as const)), ['carrier', neverAgain.name, neverAgain] as const];

it.each(cells)(
  '%s killed before and after its commits, fault: %s',
  async (victim, faultName, fault) => {
    const random = randomOf(rows.length + 1);
    const world = (opened = await openWorld(fault.world));
    const sent: { messageId: number; receiver: string }[] = [];
    for (let kill = 0; kill < killsPerCell; kill += 1) {
      const step = 1 + Math.floor(random() * stepsMax);
      const point = points[Math.floor(random() * points.length)] ?? 'before';
      await world.killAt(victim, step, point, async (isDead) => {
        // It works, and so comes to its step, as long as there is something to do.
        while (!isDead()) {
          sent.push(...(await world.send(messagesPerKill)));
          for (let waited = 0; waited < 8 && !isDead(); waited += 1) await new Promise((resolve) => setTimeout(resolve, 2));
        }
      });
    }
    const captured = () => world.facts.flatMap((fact) => (fact.type === 'CreditsCaptured' ? [fact.messageId] : []));
    await until(() => {
      const [calledBack, charged] = [new Set(world.told), new Set(captured())];
      return sent.every(({ messageId }) => calledBack.has(messageId) && charged.has(messageId));
    }, fault.never ? unknownWithinMs : settleWithinMs);
    const calledBack = new Set(world.told);
    const submissions = countsOf(world.smsc.submissions.all().map(({ receiver }) => receiver));
    // A fact may be published again by a ledger that was killed; it is the same event by its sequence.
    const charges = new Map(world.facts.flatMap((fact) => (fact.type === 'CreditsCaptured' ? [[fact.accountSequence, fact.messageId] as const] : [])));
    const row: Row = {
      victim,
      fault: faultName,
      times: killsPerCell,
      messages: sent.length,
      lost: sent.filter(({ messageId }) => !calledBack.has(messageId)).length,
      sentTwice: repeated(submissions),
      chargedTwice: repeated(countsOf([...charges.values()])),
      calledBackTwice: repeated(countsOf(world.told)),
    };
    rows.push(row);
    expect(row.chargedTwice).toBe(0);
    if (fault.never) {
      expect(row.sentTwice).toBe(0);
      return;
    }
    expect(row.lost).toBe(0);
    // Documented: an answer that never came has the part sent again, and only a killed carrier or a lost link makes one.
    if (victim !== 'carrier' && !fault.resent) expect(row.sentTwice).toBe(0);
    // Documented: a dlr that is killed before it has noted an answer calls again.
    if (victim !== 'dlr') expect(row.calledBackTwice).toBe(0);
  },
  180_000,
);

afterAll(() => printMatrix(rows, 'kills'));
