import type { IncomingMessage } from '@kwota/messaging';
import type { Ask, ModelAccount, Outcome } from './ledger-model.js';

type Reply = Readonly<{ outcome: 'accepted' | 'done' | 'refused' | 'failed'; code?: string; messageIds?: readonly number[] }>;

/** What clients were told, held against what the log and the store say. */
export class Acknowledged {
  /** By command, what the store says: `done` or the refusal's code. A user who was opened, then closed, is refused when it is opened again. */
  private readonly outcomes = new Map<string, Set<string>>();
  /** What was so at some time: whoever asks for it then is told that it is done, and nothing is recorded. */
  private readonly stood = new Set<string>();

  happened(commandId: string, outcome: Outcome): void {
    const known = this.outcomes.get(commandId) ?? new Set();
    this.outcomes.set(commandId, known.add(outcome === 'nothing' ? outcome : (outcome.code ?? 'done')));
  }

  stands(model: ModelAccount): void {
    const { name, users, alarm } = model;
    this.stood.add(`${name} null alarm ${alarm?.level ?? null}`);
    for (const [userId, user] of users) this.stood.add(`${name} ${userId} alarm ${user.alarm?.level ?? null}`).add(`${name} ${userId} quota ${user.quota ?? null}`);
  }

  check(replies: readonly IncomingMessage[], records: readonly IncomingMessage[], models: ReadonlyMap<string, ModelAccount>): void {
    const asked = new Map(records.flatMap((record) => (record.headers['reply-to'] === 'client' && record.topic !== 'kwota.replies.v1' ? [[record.headers['correlation-id'], record] as const] : [])));
    const told = new Map<string, string>();
    for (const { headers, value } of replies) {
      const question = headers['reply-to'] === 'client' ? asked.get(headers['correlation-id']) : undefined;
      if (!question) continue;
      const reply = JSON.parse(value ?? '') as Reply;
      if (reply.outcome === 'failed') continue;
      const commandId = question.headers['ce_id'] ?? '';
      const body = JSON.parse(question.value ?? '');
      const model = models.get(body.account);
      const where = `${commandId} ${question.headers['ce_type']} told ${JSON.stringify(reply)}`;
      if (!model) throw new Error(`${where}, but its account has no event`);
      const isByKey = reply.outcome === 'accepted' && String(reply.messageIds) !== String(body.messageIds);
      const answer = reply.outcome;
// Not so for requests: a user opened, closed and opened again under one id is done, then refused.
      if (body.kind === 'send' && body.clientKey === undefined && (told.get(commandId) ?? answer) !== answer) throw new Error(`${where}, and before that ${told.get(commandId)}`);
      told.set(commandId, answer);
      if (!this.isSo(reply, commandId, body, question.headers['ce_type']?.split('.').at(-2) ?? '', model, isByKey)) throw new Error(`${where}, but that is not in the store`);
    }
  }

  private isSo(reply: Reply, commandId: string, body: Partial<Ask> & { kind?: string; clientKey?: string }, name: string, model: ModelAccount, isByKey: boolean): boolean | undefined {
    const outcomes = this.outcomes.get(commandId);
    if (reply.outcome === 'accepted') return (!isByKey || body.clientKey !== undefined) && reply.messageIds!.every((id) => model.messages.has(id));
    // The reason may differ when the log gives a submission again whose ids or key another was refused under; the refusal stays.
    if (reply.outcome === 'refused' && body.kind === 'send') return outcomes === undefined ? body.clientKey !== undefined : !outcomes.has('done');
    if (reply.outcome === 'refused') return outcomes?.has(reply.code ?? '');
    if (outcomes?.has('done')) return true;
    // It was so already, and nothing was recorded.
    const { account, userId = '', transferId = '', reference = '', amountMilliCredits } = body;
    if (name === 'open-account') return model.isOpen;
    if (name === 'open-user') return model.users.has(userId) || model.closed.has(userId);
    if (name === 'close-user') return model.closed.has(userId);
    if (name === 'set-quota') return this.stood.has(`${account} ${userId} quota ${body.active ? body.leftMilliCredits : null}`);
    if (name === 'set-threshold') return this.stood.has(`${account} ${userId} alarm ${body.levelMilliCredits}`);
    if (name === 'transfer-credits') return model.transfers.get(transferId)?.amount === amountMilliCredits;
    return model.references.get(reference) === amountMilliCredits;
  }
}
