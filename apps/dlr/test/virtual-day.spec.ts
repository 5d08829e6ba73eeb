// A day and more of retries on a virtual clock: timers and Date are the test's, sockets and the store are real.
import { findCallbackAttempts, findMessage, setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { useVirtualClock } from '@kwota/testing/virtual-clock';
import { account, closeAll, messagesOf, reportOf, startDlr, startEndpoint, submittedReport, userId } from './dlr-under-test.js';
import { readDlrConfig } from '../src/dlr.config.js';

const secondMs = 1_000;
const hourMs = 3_600 * secondMs;
const startMs = Date.parse('2026-11-23T12:00:00Z');

const { pass, during } = useVirtualClock(startMs, closeAll);

it('a callback that nobody takes is tried by the schedule for a day, then it is dead; one that is taken in the end is delivered', async () => {
  let isUp = false;
  const endpoint = await during(startEndpoint(({ query }, response) => void response.writeHead(query['id'] === '70002' && isUp ? 200 : 503).end()));
  const { retryScheduleMs } = readDlrConfig({});
  const dlr = await during(startDlr({ retryScheduleMs }));
  await during(dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url }));
  const validUntilMs = startMs + 72 * hourMs;
  await during(dlr.accept(messagesOf([70_001, 70_002], { validUntilMs })));
  await during(dlr.receive(reportOf(70_001), reportOf(70_002)));
  await pass(60 * secondMs, secondMs);
  await pass(24 * hourMs, 30 * secondMs);
  isUp = true;
  await pass(12 * hourMs, 30 * secondMs);
  const attemptsOf = async (messageId: number) => during(dlr.ask(findCallbackAttempts, { account, messageId }));
  const [dead, delivered] = [await attemptsOf(70_001), await attemptsOf(70_002)];
  expect([dead.callbacks[0]?.state, delivered.callbacks[0]?.state]).toEqual(['dead', 'delivered']);
  const pauses = dead.attempts.slice(1).map(({ atMs }, index) => atMs - (dead.attempts[index]?.atMs ?? 0));
  expect(pauses).toHaveLength(retryScheduleMs.length);
  // ±20 %, and what a step of the clock is long.
  for (const [index, pauseMs] of retryScheduleMs.entries()) {
    expect(pauses[index]).toBeGreaterThanOrEqual(pauseMs * 0.8);
    expect(pauses[index]).toBeLessThanOrEqual(pauseMs * 1.2 + 31 * secondMs);
  }
});

it('a message without news ends when its validity is over, not before, and is called back', async () => {
  const endpoint = await during(startEndpoint());
  const dlr = await during(startDlr());
  await during(dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url }));
  await during(dlr.accept(messagesOf([70_001], { validUntilMs: startMs + 20 * hourMs })));
  await during(dlr.receive(submittedReport(70_001)));
  await pass(20 * hourMs, 60 * secondMs);
  const stateOf = async () => {
    const found = await during(dlr.ask(findMessage, { account, messageId: 70_001 }));
    return found.outcome === 'done' ? [found.message.ptt, found.message.final] : undefined;
  };
  expect(await stateOf()).toEqual([3, false]);
  await pass(4 * hourMs, 60 * secondMs);
  expect(await stateOf()).toEqual([6, true]);
  expect(endpoint.called.map(({ query }) => query['ptt'])).toEqual(['3', '6']);
});
