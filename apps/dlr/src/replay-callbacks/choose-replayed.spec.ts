import { callbackState } from '../send-callbacks/callback-queue.repository.js';
import { chooseReplayed } from './choose-replayed.js';

const { waiting, delivered, superseded, dead } = callbackState;
type State = (typeof callbackState)[keyof typeof callbackState];
const chosen = (states: readonly State[], finalAt = 0) => {
  const { replayed, superseded: dropped } = chooseReplayed(states.map((state, index) => ({ sequence: index + 1, final: index + 1 === finalAt, state })));
  return [replayed.map(({ sequence }) => sequence), dropped.map(({ sequence }) => sequence)];
};

it.each([
  ['all that are dead, in order', [dead, dead], 0, [[1, 2], []]],
  ['of those with a final the final alone', [dead, dead], 2, [[2], [1]]],
  ['none before what was delivered', [dead, delivered, dead], 0, [[3], [1]]],
  ['none before what still waits', [dead, waiting], 0, [[], [1]]],
  ['none where the final was delivered', [dead, delivered], 2, [[], [1]]],
  ['a correction of a delivered final', [delivered, dead], 2, [[2], []]],
  ['nothing where nothing is dead', [delivered, superseded], 0, [[], []]],
])('%s', (_, states, finalAt, expected) => expect(chosen(states, finalAt)).toEqual(expected));
