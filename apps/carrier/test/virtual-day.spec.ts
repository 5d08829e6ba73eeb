// A day on a virtual clock: timers and Date are the test's, the SMPP link and the store are real.
import { useVirtualClock } from '@kwota/testing/virtual-clock';
import { parseQuietHours } from '../src/hold-quiet-hours/quiet-hours.js';
import { closeAll, messageTo, simulate, startCarrier } from './carrier-under-test.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A Monday, an hour before it is quiet. */
const startMs = Date.parse('2026-11-23T21:00:00Z');
const quietHours = parseQuietHours('22:00-08:00');

const { pass, during } = useVirtualClock(startMs, closeAll);

it('through a day: advertising waits for the morning, deferred messages for their time, what is not sent in time expires', async () => {
  const submittedAt = new Map<string, number>();
  const simulator = await during(simulate({ onSubmit: ({ receiver }) => void submittedAt.set(receiver, Date.now()) }));
  const carrier = await during(startCarrier(simulator.url, { quietHours }));
  await pass(2_000, 100);
  const validFor = (hours: number) => ({ acceptedAtMs: startMs, validUntilMs: startMs + hours * hourMs });
  await during(
    carrier.accept(
      messageTo(['+33612345011'], { ...validFor(72), noStop: false }),
      messageTo(['+33612345012'], { ...validFor(72), deferredUntilMs: startMs + 4 * hourMs }),
      messageTo(['+33612345013'], { ...validFor(72), noStop: false, deferredUntilMs: startMs + 4 * hourMs }),
      messageTo(['+33612345014'], { ...validFor(2), noStop: false, deferredUntilMs: startMs + 1.5 * hourMs }),
      messageTo(['+33612345015'], { ...validFor(72), noStop: false, deferredUntilMs: startMs + 12 * hourMs }),
    ),
  );
  await pass(24 * hourMs, 60_000);
  const hoursAfterStart = (receiver: string) => ((submittedAt.get(receiver) ?? NaN) - startMs) / hourMs;
  expect(hoursAfterStart('33612345011')).toBeLessThan(0.1);
  expect(hoursAfterStart('33612345012')).toBeCloseTo(4, 1);
  expect(hoursAfterStart('33612345013')).toBeCloseTo(11, 1);
  expect(hoursAfterStart('33612345015')).toBeCloseTo(12, 1);
  expect(simulator.submissions.count('33612345014')).toBe(0);
  const finals = carrier.reported.filter(({ final }) => final).map(({ stage }) => stage);
  expect(finals.sort()).toEqual(['expired', 'receipt', 'receipt', 'receipt', 'receipt']);
});

it('an SMSC that is away for a day takes what is still valid when it comes back', async () => {
  const away = await during(simulate());
  await during(away.close());
  const carrier = await during(startCarrier(away.url));
  await during(
    carrier.accept(
      messageTo(['+33612345011'], { acceptedAtMs: startMs, validUntilMs: startMs + 12 * hourMs }),
      messageTo(['+33612345012'], { acceptedAtMs: startMs, validUntilMs: startMs + 72 * hourMs }),
    ),
  );
  await pass(24 * hourMs, 60_000);
  const back = await during(simulate({ port: away.port }));
  await pass(5 * minuteMs, 1_000);
  expect(back.submissions.all().map(({ receiver }) => receiver)).toEqual(['33612345012']);
  expect(carrier.reported.filter(({ final }) => final).map(({ stage }) => stage)).toEqual(['expired', 'receipt']);
});
