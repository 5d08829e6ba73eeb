import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { CallbackClient } from '../send-callbacks/callback.client.js';
import { AttemptCutShort, HttpAttempt } from '../send-callbacks/http-attempt.js';
import { judgeAttempt } from '../send-callbacks/judge-attempt.js';
import { AnswerSubmission, type Answer } from './answer.submission.js';
import { IncomingCallsRepository, type IncomingCall } from './incoming-calls.repository.js';

const atOnceMax = 20;
const lookEveryMs = 1_000;
const answerRetryMs = 5_000;

type End = 'done' | 'dead' | Readonly<{ againInMs: number }>;

/** Calls stopCallBack and cgiUrl, and sends automatic answers, each until it is done or its attempts are over. */
export class AnswerIncomingWorker {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(
    private readonly database: ServiceDatabase,
    private readonly calls: IncomingCallsRepository,
    private readonly client: CallbackClient,
    private readonly answers: AnswerSubmission,
    private readonly retryScheduleMs: readonly number[],
    private readonly log: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.wake(), lookEveryMs);
    this.wake();
  }

  /** There may be something to do. */
  wake(): void {
    if (this.stopping.signal.aborted || this.timer === undefined) return;
    this.running ??= this.run()
      .catch((error: Error) => this.log.error({ err: { type: error.name } }, 'messages from phones could not be answered; trying again'))
      .finally(() => (this.running = undefined));
  }

  /** Attempts under way end early, and come again. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearInterval(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    for (let taken = atOnceMax; taken === atOnceMax && !this.stopping.signal.aborted; ) {
      // Most looks find nothing: they cost no transaction.
      if (!(await this.database.read((manager) => this.calls.hasDue(manager, Date.now())))) return;
      const due = await this.database.transaction((manager) => this.calls.takeDue(manager, Date.now(), atOnceMax));
      taken = due.length;
      await Promise.all(due.map((call) => this.attempt(call)));
    }
  }

  private async attempt(call: IncomingCall): Promise<void> {
    const end = await (call.kind === 'url' ? this.callUrl(call) : this.sendAnswer(call));
    await this.database.transaction((manager) =>
      typeof end === 'string' ? this.calls.end(manager, call.id, end === 'done') : this.calls.again(manager, call.id, Date.now() + end.againInMs),
    );
  }

  private async callUrl({ target, attempts }: IncomingCall): Promise<End> {
    const http = new HttpAttempt();
    const cut = (): void => http.end(new AttemptCutShort());
    this.stopping.signal.addEventListener('abort', cut);
    // The client remembers URLs, and shall not the query, which is always there and has the message's text.
    const { href } = new URL(target);
    const queryAt = href.indexOf('?');
    const answer = await this.client.send({ url: href.slice(0, queryAt), query: href.slice(queryAt + 1), method: 'GET', headers: {} }, http);
    this.stopping.signal.removeEventListener('abort', cut);
    const verdict = judgeAttempt({ answer, attempts, retryScheduleMs: this.retryScheduleMs, random: Math.random(), nowMs: Date.now() });
    if (verdict.kind === 'again') return { againInMs: verdict.inMs };
    return verdict.kind === 'delivered' ? 'done' : 'dead';
  }

  private async sendAnswer({ id, account, target, attempts, createdAtMs }: IncomingCall): Promise<End> {
    try {
      const answer = await this.answers.withId(JSON.parse(target) as Answer);
      await this.database.transaction((manager) => this.calls.keepTarget(manager, id, JSON.stringify(answer)));
      if (await this.answers.send(account, answer, createdAtMs)) return 'done';
    } catch (error) {
      this.log.warn({ err: { type: (error as Error).name } }, 'an automatic answer could not be handed over; trying again');
    }
    return attempts > this.retryScheduleMs.length ? 'dead' : { againInMs: answerRetryMs };
  }
}
