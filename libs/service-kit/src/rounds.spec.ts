import { createLogger } from './logger.js';
import { Rounds } from './rounds.js';

const roundMs = 5;
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
};
const roundsWithLines = () => {
  const lines: string[] = [];
  return { lines, rounds: new Rounds(createLogger('test', 'info', { write: (line) => void lines.push(line) }), 'nothing could be done') };
};

describe('work that comes round', () => {
  it('runs one round at a time, whatever is due, and each kind of work has its turn', async () => {
    const { rounds } = roundsWithLines();
    let [running, most] = [0, 0];
    const begun = { one: 0, other: 0 };
    const work = (kind: keyof typeof begun) => async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      begun[kind] += 1;
      await new Promise((resolve) => setTimeout(resolve, 3 * roundMs));
      running -= 1;
    };
    rounds.every(roundMs, work('one'));
    rounds.every(roundMs, work('other'));
    await until(() => begun.one > 1 && begun.other > 1);
    await rounds.stop();
    expect([most, running]).toEqual([1, 0]);
  });

  it('is tried again after a failure, which is told by its name alone', async () => {
    const { rounds, lines } = roundsWithLines();
    let begun = 0;
    rounds.every(roundMs, async () => {
      begun += 1;
      throw new RangeError('+33600000004');
    });
    await until(() => begun === 2);
    await rounds.stop();
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'nothing could be done; trying again', err: { type: 'RangeError' } });
    expect(lines.join()).not.toContain('+336');
  });

  it('begins no more once it is stopped, and tells the round under way', async () => {
    const { rounds } = roundsWithLines();
    let begun = 0;
    let sawTheStop = false;
    rounds.every(roundMs, async () => {
      begun += 1;
      await until(() => rounds.isStopped);
      sawTheStop = true;
    });
    await until(() => begun === 1);
    await rounds.stop();
    expect(sawTheStop).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 3 * roundMs));
    expect(begun).toBe(1);
  });
});
