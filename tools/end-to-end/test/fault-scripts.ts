// Scripts that send by http2sms, and an operator who changes users, through a gateway that may die under them; what they were told is kept.
import { showAccount } from '@kwota/contracts/ledger.requests.v1';
import type { FirstStart } from '@kwota/gateway/start';
import { OperatorApi } from './operator-api.js';
import { countsOf, repeated, until, type Row } from './fault-table.js';
import { account, type World } from './fault-world.js';

const settleWithinMs = 20_000;
let lastReceiver = 3_001_000;

export class FaultScripts {
  /** Message id → receiver, of what was answered OK. */
  readonly answeredOk = new Map<number, string>();
  asked = 0;
  toldOfFailure = 0;
  unanswered = 0;
  private readonly first: FirstStart;
  private readonly operator: OperatorApi;
  /** Each user's passwords: one, where the last change was answered OK; more, where nobody knows which holds. */
  private readonly passwords = new Map<string, readonly string[]>();
  private changesLost = 0;
  /** What others sent before is their own. */
  private readonly factsBefore: number;

  constructor(private readonly world: World) {
    this.factsBefore = world.facts.length;
    if (!world.first) throw new Error('this world has no gateway');
    this.first = world.first;
    this.operator = new OperatorApi(world.gatewayUrl, world.operatorToken);
  }

  /** The status in http2sms's answer; undefined where none came. */
  async send(login = this.first.login, password = this.first.password): Promise<number | undefined> {
    this.asked += 1;
    const receiver = `+3361${(lastReceiver += 1)}`;
    const { serviceName, sender } = this.first;
    const query = new URLSearchParams({ account: serviceName, login, password, from: sender, to: receiver, message: 'whatever fails', noStop: '1', contentType: 'text/json' });
    try {
      const answer = (await (await fetch(`${this.world.gatewayUrl}/http2sms?${query}`)).json()) as { status: number; SmsIds?: string[] };
      if (answer.status === 100) this.answeredOk.set(Number(answer.SmsIds?.[0]), receiver);
      else this.toldOfFailure += 1;
      return answer.status;
    } catch {
      this.unanswered += 1;
      return undefined;
    }
  }

  /** A user of its own with one password, then with another. */
  async change(index: number): Promise<void> {
    const login = `user-${index}`;
    const [old, fresh] = [`Old_${1_000 + index}`, `New_${1_000 + index}`];
    if (!(await this.isDone('POST', '', { login, password: old }))) return;
    this.passwords.set(login, [old]);
    this.passwords.set(login, (await this.isDone('PUT', `/${login}`, { password: fresh })) ? [fresh] : [old, fresh]);
  }

  private async isDone(method: string, path: string, body: object): Promise<boolean> {
    const response = await this.operator.send(method, `/accounts/${account}/users${path}`, body).catch(() => undefined);
    return response?.status === 200;
  }

  /** Waits until all has come to its end, and holds what was told against what became of it. */
  async outcome(victim: string, fault: string, times: number): Promise<Row & { chargedWithoutOk: number; openHolds: number }> {
    for (const [login, passwords] of this.passwords) {
      const statuses: (number | undefined)[] = [];
      for (const password of passwords) statuses.push(await this.send(login, password));
      if (!statuses.includes(100)) this.changesLost += 1;
    }
    const { told, smsc } = this.world;
    // A fact may be published again by a ledger that was killed; it is the same event by its sequence.
    const idsOf = (type: 'CreditsCaptured' | 'CreditsRefunded'): number[] => {
      const facts = this.world.facts.slice(this.factsBefore);
      return [...new Map(facts.flatMap((fact) => (fact.type === type ? [[fact.accountSequence, fact.messageId] as const] : []))).values()];
    };
    const openHolds = async (): Promise<number> => {
      const shown = await this.world.requests.ask(showAccount, { account });
      return shown.outcome === 'done' ? shown.openHolds : -1;
    };
    await until(() => {
      const [calledBack, charged] = [new Set(told), new Set(idsOf('CreditsCaptured'))];
      return [...this.answeredOk.keys()].every((id) => calledBack.has(id) && charged.has(id));
    }, settleWithinMs);
    for (const giveUpAtMs = performance.now() + settleWithinMs; (await openHolds()) > 0 && performance.now() < giveUpAtMs; ) await new Promise((resolve) => setTimeout(resolve, 20));
    const calledBack = new Set(told);
    const captured = idsOf('CreditsCaptured');
    const refunded = new Set(idsOf('CreditsRefunded'));
    return {
      victim,
      fault,
      times,
      messages: this.asked,
      lost: [...this.answeredOk.keys()].filter((id) => !calledBack.has(id)).length + this.changesLost,
      sentTwice: repeated(countsOf(smsc.submissions.all().map(({ receiver }) => receiver))),
      chargedTwice: repeated(countsOf(captured)),
      calledBackTwice: repeated(countsOf(told)),
      chargedWithoutOk: captured.filter((id) => !this.answeredOk.has(id) && !refunded.has(id)).length,
      openHolds: await openHolds(),
    };
  }
}
