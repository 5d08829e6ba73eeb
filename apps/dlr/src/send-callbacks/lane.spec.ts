import { connectionsAtFirst, connectionsPerOrigin, Lane, slowAfterMs } from './lane.js';

const answer = (lane: Lane, afterMs: number, delivered = true) => lane.end(lane.begin(0), afterMs, delivered);
const roomOf = (lane: Lane): number => {
  let room = 0;
  const begun: number[] = [];
  for (; lane.hasRoom; room += 1) begun.push(lane.begin(0));
  for (const request of begun) lane.end(request, 0, false);
  return room;
};

it('an endpoint begins with a few connections, and has one more for each answer that comes soon', () => {
  const lane = new Lane('https://example.org');
  expect(roomOf(lane)).toBe(connectionsAtFirst);
  answer(lane, 5);
  answer(lane, 5);
  expect(roomOf(lane)).toBe(connectionsAtFirst + 2);
  for (let times = 0; times < 100; times += 1) answer(lane, 5);
  expect(roomOf(lane)).toBe(connectionsPerOrigin);
});

it('an answer that is late halves them, down to one; a refusal that comes soon changes nothing', () => {
  const lane = new Lane('https://example.org');
  for (let times = 0; times < 30; times += 1) answer(lane, 5);
  answer(lane, 5, false);
  expect(roomOf(lane)).toBe(connectionsPerOrigin);
  for (const expected of [16, 8, 4, 2, 1, 1]) {
    answer(lane, slowAfterMs);
    expect(roomOf(lane)).toBe(expected);
  }
});

it('it is slow while a request is out for long, and after a late answer until some come soon', () => {
  const lane = new Lane('https://example.org');
  const request = lane.begin(0);
  expect([lane.isSlow(slowAfterMs - 1), lane.isSlow(slowAfterMs)]).toEqual([false, true]);
  lane.end(request, 10_000, false);
  expect(lane.isSlow(10_000)).toBe(true);
  answer(lane, 5);
  expect(lane.isSlow(10_000)).toBe(false);
});

it('a slow one is not forgotten as soon as it is idle', () => {
  const lane = new Lane('https://example.org');
  expect(lane.isIdle(0)).toBe(true);
  answer(lane, slowAfterMs, false);
  expect([lane.isIdle(slowAfterMs + 1), lane.isIdle(slowAfterMs + 600_000)]).toEqual([false, true]);
});
