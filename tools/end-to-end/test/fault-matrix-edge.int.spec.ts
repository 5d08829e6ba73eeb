// The matrix of faults, its part about the way in: the gateway killed at each publish and each reply that it hears, users at each commit,
// while scripts send by http2sms and an operator changes users. Whoever was told OK finds it so; whoever was told of a failure is not charged.
// SMSC and endpoint work: neither of the two ever meets them.
import type { KillPoint } from './fault-kills.js';
import { FaultScripts } from './fault-scripts.js';
import { printMatrix, randomOf, type Row } from './fault-table.js';
import { openWorld, type World } from './fault-world.js';

/** A gateway's first steps are its start's, ids and identities; later ones are those of messages, some of them answered. Of a user's change users commits three. */
const stepsMax = { gateway: 60, users: 4 } as const;
const scripts = 3;

const points: readonly KillPoint[] = ['before', 'after'];
const cells = [
  ['gateway', 12],
  ['users', 8],
] as const;

const rows: Row[] = [];
let opened: World | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

it.each(cells)(
  '%s killed before and after its steps, %d times',
  async (victim, kills) => {
    const random = randomOf(rows.length + 1);
    const world = (opened = await openWorld({ outer: 'users and gateway' }));
    const told = new FaultScripts(world);
    const underWay: Promise<unknown>[] = [];
    let changes = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      await world.killAt(victim, 1 + Math.floor(random() * stepsMax[victim]), points[Math.floor(random() * points.length)] ?? 'before', async (isDead) => {
        const goOn = async (work: () => Promise<unknown>): Promise<void> => {
          while (!isDead()) await work();
        };
        // What waits for a process that died ends when the next one lives.
        for (let script = 0; script < scripts; script += 1) underWay.push(goOn(() => told.send()));
        underWay.push(goOn(() => told.change((changes += 1))));
        while (!isDead()) await new Promise((resolve) => setTimeout(resolve, 2));
      });
    }
    await Promise.all(underWay);
    const { chargedWithoutOk, openHolds, ...row } = await told.outcome(victim, 'none', kills);
    rows.push(row);
    expect(told.answeredOk.size).toBeGreaterThan(kills);
    // Whoever got no answer may have been charged, for his SMS went out; whoever was told of a failure may not.
    expect(chargedWithoutOk).toBeLessThanOrEqual(told.unanswered);
    expect({ ...row, openHolds }).toMatchObject({ lost: 0, sentTwice: 0, chargedTwice: 0, calledBackTwice: 0, openHolds: 0 });
  },
  120_000,
);

afterAll(() => printMatrix(rows, 'kills'));
