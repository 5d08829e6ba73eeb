// Senders that go on whatever fails, and remember what they were told of each SMS: a test holds it against what became of it.
import type { SmscSimulator } from '@kwota/smsc-simulator';
import type { CallbackListener } from '@kwota/testing/callback-listener';

/** Who sends, through which gateway. */
export type Sender = Readonly<{ url: string; serviceName: string; login: string; password: string; sender: string }>;

/** Seven digits of which none ends in a pattern by which the simulator decides: all of them are delivered. */
const receiverOf = (index: number): string => `+3361${1_001_000 + index}`;

/** A sender that hears nothing for so long counts as without an answer; a gateway that is paused answers later than its own deadline. */
const patienceMs = 40_000;

export class Sending {
  /** Message id → receiver. */
  readonly answeredOk = new Map<number, string>();
  asked = 0;
  /** Told that it was not sent. */
  toldOfFailure = 0;
  /** The link broke, or nothing came. */
  unanswered = 0;
  private stopped = false;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly smsc: SmscSimulator,
    private readonly callbacks: CallbackListener,
    /** Receivers from here on. */
    private readonly firstReceiver = 0,
  ) {}

  /** One SMS after another for each of the senders, with a pause between two. */
  start(senders: readonly Sender[], pauseMs: number): void {
    this.stopped = false;
    this.running = Promise.all(
      senders.map(async (sender) => {
        while (!this.stopped) {
          await this.send(sender);
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
      }),
    );
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Resolves when everything that was answered OK has been called back as delivered. */
  async calledBack(timeoutMs: number): Promise<void> {
    const seen = new Set<number>();
    let read = 0;
    await this.callbacks.until((received) => {
      for (; read < received.length; read += 1) if (received[read]?.['description'] === '1') seen.add(Number(received[read]?.['id']));
      return [...this.answeredOk.keys()].every((id) => seen.has(id));
    }, timeoutMs);
  }

  /** Of those answered OK: never submitted, never called back as delivered, and either of it more than once. */
  outcome(): { lost: number[]; notCalledBack: number[]; submittedTwice: number; calledBackTwice: number } {
    const submissions = new Map<string, number>();
    for (const { receiver } of this.smsc.submissions.all()) submissions.set(receiver, (submissions.get(receiver) ?? 0) + 1);
    const finals = new Map<number, number>();
    for (const { id, description } of this.callbacks.received) if (description === '1') finals.set(Number(id), (finals.get(Number(id)) ?? 0) + 1);
    // destination_addr has no plus.
    const times = (receiver: string): number => submissions.get(receiver.slice(1)) ?? 0;
    const all = [...this.answeredOk];
    return {
      lost: all.filter(([, receiver]) => times(receiver) === 0).map(([id]) => id),
      notCalledBack: all.filter(([id]) => !finals.has(id)).map(([id]) => id),
      submittedTwice: all.filter(([, receiver]) => times(receiver) > 1).length,
      calledBackTwice: all.filter(([id]) => (finals.get(id) ?? 0) > 1).length,
    };
  }

  private async send({ url, serviceName, login, password, sender }: Sender): Promise<void> {
    const receiver = receiverOf(this.firstReceiver + (this.asked += 1));
    const query = new URLSearchParams({ account: serviceName, login, password, from: sender, to: receiver, message: 'whatever fails', noStop: '1', contentType: 'text/json' });
    try {
      const response = await fetch(`${url}/http2sms?${query}`, { signal: AbortSignal.timeout(patienceMs) });
      const answer = (await response.json()) as { status: number; SmsIds?: string[] };
      if (answer.status === 100) this.answeredOk.set(Number(answer.SmsIds?.[0]), receiver);
      else this.toldOfFailure += 1;
    } catch {
      this.unanswered += 1;
    }
  }
}
