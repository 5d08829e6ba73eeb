// What one account's credit must be, written anew in the plainest way, from the rules in DESIGN §3 and OVH.md §9: no events, no limits, no speed.
import type { MessageStateChanged } from '@kwota/contracts/delivery.v1';
import type { SendSubmission } from '@kwota/contracts/submissions.v1';

export type Outcome = Readonly<{ code?: string; crossed: readonly (string | null)[]; rearmed: readonly (string | null)[] }> | 'nothing';

type Submission = { content: string; code?: string; withdrawn: boolean };
type Message = { userId: string | null; grant: number | undefined; parts: number; held: number; spent: number; open: boolean; silent: boolean; submission: Submission };
type Alarm = { level: number; armed: boolean };
type User = { quota: number | undefined; grant: number; alarm: Alarm | undefined };
/** Of every request of the ledger's: each has some of these. */
export type Ask = Readonly<{
  account: string;
  userId: string;
  reference: string;
  amountMilliCredits: number;
  transferId: string;
  toAccount: string;
  fromAccount: string;
  active: boolean;
  leftMilliCredits: number;
  levelMilliCredits: number | null;
}>;

const dayMs = 86_400_000;
const wakes = (alarm: Alarm | undefined, left: number): boolean => alarm !== undefined && !alarm.armed && left > alarm.level;

export class ModelAccount {
  isOpen = false;
  pool = 0;
  consumed = 0;
  readonly users = new Map<string, User>();
  readonly closed = new Set<string>();
  alarm: Alarm | undefined;
  readonly messages = new Map<number, Message>();
  readonly references = new Map<string, number>();
  readonly transfers = new Map<string, { to: string; amount: number; returned: boolean }>();
  /** By sender and its transfer id. */
  readonly received = new Map<string, number>();
  private readonly refusedTransfers = new Set<string>();
  private readonly refused = new Map<number, Submission>();
  private readonly unseen = new Set<number>();
  private readonly keys = new Map<string, { digest: string; atMs: number; submission: Submission }>();
  private readonly done = new Set<string>();
  private grants = 0;

  constructor(readonly name: string) {}

  get held(): number {
    return [...this.messages.values()].reduce((sum, { held }) => sum + held, 0);
  }

  get quotas(): number {
    return [...this.users.values()].reduce((sum, { quota }) => sum + (quota ?? 0), 0);
  }

  left(userId: string | null): number {
    return (userId === null ? undefined : this.users.get(userId)?.quota) ?? this.pool;
  }

  send(ask: SendSubmission, atMs: number): Outcome {
    const { userId, messageIds, parts, clientKey, bodyDigest = '', deadlineMs } = ask;
    const content = JSON.stringify({ ...ask, deadlineMs: 0, submittedAtMs: 0 });
    const firstId = messageIds[0] ?? 0;
    const first = this.messages.get(firstId)?.submission ?? this.refused.get(firstId);
    if (first?.content === content) return 'nothing';
    const key = `${userId} ${clientKey}`;
    const remembered = clientKey === undefined ? undefined : this.keys.get(key);
    const known = remembered && atMs - remembered.atMs < dayMs && !remembered.submission.withdrawn ? remembered : undefined;
    if (known?.digest === bodyDigest && known && !first) return 'nothing';
    const price = messageIds.length * parts * 1_000;
    const code = !this.isOpen ? 'account-unknown'
      : userId !== null && this.closed.has(userId) ? 'user-closed'
      : userId !== null && !this.users.has(userId) ? 'user-unknown'
      : known && known.digest !== bodyDigest ? 'key-conflict'
      : first || messageIds.some((id) => this.messages.has(id)) || new Set(messageIds).size < messageIds.length ? 'conflict'
      : messageIds.some((id) => this.unseen.has(id)) ? 'withdrawn'
      : atMs > deadlineMs ? 'too-late'
      : price <= this.left(userId) ? undefined
      : userId !== null && this.users.get(userId)?.quota !== undefined ? 'quota-too-low' : 'credit-too-low';
    const submission: Submission = { content, withdrawn: false, ...(code ? { code } : {}) };
    const isRemembered = code === undefined || !['key-conflict', 'conflict', 'withdrawn', 'too-late'].includes(code);
    if (clientKey !== undefined && isRemembered) this.keys.set(key, { digest: bodyDigest, atMs, submission });
    if (code !== undefined) {
      if (!first) this.refused.set(firstId, submission);
      return { code, crossed: [], rearmed: [] };
    }
    const user = userId === null ? undefined : this.users.get(userId);
    const grant = user?.quota === undefined ? undefined : user.grant;
    for (const id of messageIds) this.messages.set(id, { userId, grant, parts, held: parts * 1_000, spent: 0, open: true, silent: false, submission });
    return this.pay(userId, grant, price);
  }

  withdraw(ids: readonly number[]): Outcome {
    let changes = false;
    for (const id of new Set(ids)) {
      const message = this.messages.get(id);
      if (message && (message.open || message.spent > 0)) {
        this.giveBack(message, message.held + message.spent);
        this.consumed -= message.spent;
        Object.assign(message, { held: 0, spent: 0, open: false, silent: false });
        message.submission.withdrawn = true;
        changes = true;
      } else if (!message && !this.refused.has(id) && !this.unseen.has(id)) changes = Boolean(this.unseen.add(id));
    }
    return changes ? happened : 'nothing';
  }

  settle({ messageId, parts, silent, submitted }: MessageStateChanged): Outcome {
    const message = this.messages.get(messageId);
    if (!message) return this.refused.has(messageId) || this.unseen.has(messageId) ? 'nothing' : { ...happened, code: 'message-unknown' };
    const billed = silent && !submitted ? 0 : 1_000 * Math.min(message.parts, parts.filter(({ dlr }) => dlr !== 16).length);
    if (message.open) {
      this.giveBack(message, message.held - billed);
      this.consumed += billed;
      Object.assign(message, { held: 0, spent: billed, open: false, silent });
      return happened;
    }
    if (!message.silent || silent) return 'nothing';
    message.silent = false;
    const more = Math.min(billed - message.spent, this.hasGrant(message) ? this.left(message.userId) : this.pool);
    this.consumed += more;
    message.spent += more;
    if (more > 0) return this.pay(this.hasGrant(message) ? message.userId : null, this.hasGrant(message) ? message.grant : undefined, more);
    this.giveBack(message, -more);
    return happened;
  }

  /** `name` is the request's; its id makes it happen once. */
  request(name: string, id: string, ask: Ask): Outcome {
    if (this.done.has(id) || this.refusedTransfers.has(`${ask.fromAccount} ${ask.transferId}`)) return 'nothing';
    const outcome = this.change(name, ask);
    if (outcome !== 'nothing' && (outcome.code !== undefined || name === 'set-quota' || name === 'set-threshold')) this.done.add(id);
    if (outcome !== 'nothing' && outcome.code !== undefined && name === 'receive-transfer') this.refusedTransfers.add(`${ask.fromAccount} ${ask.transferId}`);
    return outcome;
  }

  giveUpTransfer(transferId: string): Outcome {
    const transfer = this.transfers.get(transferId);
    if (!transfer || transfer.returned) return 'nothing';
    transfer.returned = true;
    this.pool += transfer.amount;
    return happened;
  }

  /** The ids of holds that nobody settled. */
  forget(ids: readonly number[]): Outcome {
    for (const message of ids.map((id) => this.messages.get(id)!)) {
      this.giveBack(message, message.held);
      Object.assign(message, { held: 0, open: false, silent: true });
    }
    return happened;
  }

  private change(name: string, { userId, reference, amountMilliCredits: amount, transferId, toAccount, fromAccount, active, leftMilliCredits: quota, levelMilliCredits: level }: Ask): Outcome {
    const refuse = (code: string): Outcome => ({ ...happened, code });
    if (name === 'open-account') return this.isOpen ? 'nothing' : ((this.isOpen = true), happened);
    if (!this.isOpen) return refuse('account-unknown');
    const user = this.users.get(userId);
    if (name === 'open-user') {
      if (this.closed.has(userId)) return refuse('user-closed');
      if (user) return 'nothing';
      this.users.set(userId, { quota: undefined, grant: 0, alarm: undefined });
      return happened;
    }
    if (name === 'purchase-credits' || name === 'adjust-credits') {
      if (amount === 0) return refuse('amount-not-valid');
      if (this.references.has(reference)) return this.references.get(reference) === amount ? 'nothing' : refuse('conflict');
      if (this.pool + amount < 0) return refuse('credit-too-low');
      this.references.set(reference, amount);
      return name === 'purchase-credits' ? this.fill(amount) : ((this.pool += amount), happened);
    }
    if (name === 'transfer-credits') {
      const known = this.transfers.get(transferId);
      if (toAccount === this.name) return refuse('amount-not-valid');
      if (known) return known.to === toAccount && known.amount === amount ? 'nothing' : refuse('conflict');
      if (amount > this.pool) return refuse('credit-too-low');
      this.transfers.set(transferId, { to: toAccount, amount, returned: false });
      this.pool -= amount;
      return happened;
    }
    if (name === 'receive-transfer') return this.received.has(`${fromAccount} ${transferId}`) ? 'nothing' : (this.received.set(`${fromAccount} ${transferId}`, amount), this.fill(amount));
    if (userId !== null && this.closed.has(userId)) return name === 'close-user' ? 'nothing' : refuse('user-closed');
    if (userId !== null && !user) return refuse('user-unknown');
    if (name === 'set-threshold') return this.setAlarm(userId, level);
    const before = user!.quota;
    if (name === 'close-user') {
      this.closed.add(userId);
      this.users.delete(userId);
      return this.fill(before ?? 0);
    }
    if (active && quota > this.pool + (before ?? 0)) return refuse('quota-above-pool');
    if (active ? before === quota : before === undefined) return 'nothing';
    if (before === undefined) user!.grant = this.grants += 1;
    user!.quota = active ? quota : undefined;
    const own = wakes(user!.alarm, this.pool + (before ?? 0) - (active ? quota : 0)) && !active;
    const rearmed = active ? wakes(user!.alarm, quota) : own;
    if (rearmed) user!.alarm!.armed = true;
    const others = this.fill((before ?? 0) - (active ? quota : 0), userId) as Exclude<Outcome, 'nothing'>;
    return { ...others, rearmed: [...(rearmed ? [userId] : []), ...others.rearmed] };
  }

  private setAlarm(userId: string | null, level: number | null): Outcome {
    const owner: { alarm: Alarm | undefined } = userId === null ? this : this.users.get(userId)!;
    if ((owner.alarm?.level ?? null) === level) return 'nothing';
    const crosses = level !== null && this.left(userId) <= level;
    owner.alarm = level === null ? undefined : { level, armed: !crosses };
    return { crossed: crosses ? [userId] : [], rearmed: [] };
  }

  /** Whose alarm counts the pool. */
  private poolAlarms(except?: string): readonly (readonly [string | null, Alarm])[] {
    const ofUsers = [...this.users].filter(([userId, { quota }]) => quota === undefined && userId !== except).map(([userId, { alarm }]) => [userId, alarm] as const);
    return [[null, this.alarm] as const, ...ofUsers].flatMap(([userId, alarm]) => (alarm ? [[userId, alarm] as const] : []));
  }

  private fill(amount: number, except?: string): Outcome {
    this.pool += amount;
    const woken = amount > 0 ? this.poolAlarms(except).filter(([, alarm]) => wakes(alarm, this.pool)) : [];
    for (const [, alarm] of woken) alarm.armed = true;
    return { crossed: [], rearmed: woken.map(([userId]) => userId) };
  }

  private pay(userId: string | null, grant: number | undefined, amount: number): Outcome {
    const user = grant === undefined || userId === null ? undefined : this.users.get(userId);
    if (user) user.quota! -= amount;
    else this.pool -= amount;
    const watching = user ? [[userId, user.alarm] as const] : this.poolAlarms();
    const crossed = watching.filter(([, alarm]) => alarm?.armed && (user?.quota ?? this.pool) <= alarm.level);
    for (const [, alarm] of crossed) alarm!.armed = false;
    return { crossed: crossed.map(([id]) => id), rearmed: [] };
  }

  private hasGrant({ userId, grant }: Message): boolean {
    const user = userId === null ? undefined : this.users.get(userId);
    return grant !== undefined && user?.quota !== undefined && user.grant === grant;
  }

  private giveBack(message: Message, amount: number): void {
    if (this.hasGrant(message)) this.users.get(message.userId!)!.quota! += amount;
    else this.pool += amount;
  }
}

const happened = { crossed: [], rearmed: [] } as const;
