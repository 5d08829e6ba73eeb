// One fault after the other on a running Kwota, messages flowing before, during and after it; what was told is held against what became of it.
import type { EventReader } from '@kwota/event-store';
import type { Services } from '@kwota/services/start-services';
import type { SmscSimulator } from '@kwota/smsc-simulator';
import type { CallbackListener } from '@kwota/testing/callback-listener';
import { settledCharges } from './charges.js';
import { Sending, type Sender } from './sending.js';

const pauseBetweenMs = 40;
const flowMs = 1_500;
const readyWithinMs = 60_000;
const settleWithinMs = 90_000;
/** Longer than a group's session: a process that is frozen for so long loses its partitions, and comes back as a stranger. */
export const frozenMs = 15_000;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export type FaultStage = Readonly<{
  services: Services;
  smsc: SmscSimulator;
  callbacks: CallbackListener;
  openEvents: () => Promise<EventReader>;
  /** Each sends one SMS after another. */
  senders: readonly Sender[];
}>;

export class FaultRounds {
  private readonly counts: Record<string, string | number>[] = [];
  private firstReceiver = 0;

  constructor(private readonly stage: FaultStage) {}

  /** Every count of every fault. */
  print(): void {
    console.table(this.counts);
  }

  /** Rejects where the promise of DESIGN §3 does not hold. */
  async through(fault: string, cause: () => Promise<void>): Promise<void> {
    const { services, smsc, callbacks, openEvents, senders } = this.stage;
    const before = await settledCharges(openEvents, settleWithinMs);
    const sending = new Sending(smsc, callbacks, this.firstReceiver);
    sending.start(senders, pauseBetweenMs);
    await sleep(flowMs);
    const startedAtMs = performance.now();
    await cause();
    await services.ready(readyWithinMs);
    const readyAfterMs = performance.now() - startedAtMs;
    await sleep(flowMs);
    await sending.stop();
    this.firstReceiver += sending.asked;

    const calledBack = await sending.calledBack(settleWithinMs).then(
      () => true,
      () => false,
    );
    const { held, captured, refunded, openHolds } = await settledCharges(openEvents, settleWithinMs);
    const { asked, answeredOk, toldOfFailure, unanswered } = sending;
    const { lost, notCalledBack, submittedTwice, calledBackTwice } = sending.outcome();
    const notChargedOnce = [...answeredOk.keys()].filter((id) => held.get(id) !== 1 || captured.get(id) !== 1 || refunded.has(id));
    const chargedUnasked = [...captured.keys()].filter((id) => !before.captured.has(id) && !answeredOk.has(id) && !refunded.has(id)).length;
    this.counts.push({
      fault,
      asked,
      'answered OK': answeredOk.size,
      'told 503': toldOfFailure,
      'no answer': unanswered,
      lost: lost.length,
      'not called back': notCalledBack.length,
      'not charged once': notChargedOnce.length,
      'charged, no OK': chargedUnasked,
      'submitted twice': submittedTwice,
      'called back twice': calledBackTwice,
      'ready after s': Math.round(readyAfterMs / 100) / 10,
    });

    expect(answeredOk.size).toBeGreaterThan(senders.length);
    expect({ lost, notCalledBack, notChargedOnce, calledBack }).toEqual({ lost: [], notCalledBack: [], notChargedOnce: [], calledBack: true });
    expect([...captured.values()].filter((times) => times !== 1)).toEqual([]);
    // Whoever got no answer may have been charged, for his SMS went out; whoever was told of a failure may not.
    expect(chargedUnasked).toBeLessThanOrEqual(unanswered);
    expect(openHolds).toBe(0);
  }
}
