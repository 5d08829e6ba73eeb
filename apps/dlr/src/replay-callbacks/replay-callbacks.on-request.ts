import { findFailingEndpoints, findQueuedCallbacks, pauseCallbacks, replayCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { ReplyOf, RequestOf } from '../requests.js';
import { callbackState, type CallbackState } from '../send-callbacks/callback-queue.repository.js';
import { CallbackSender } from '../send-callbacks/callback.sender.js';
import { CallbackSwitch } from '../send-callbacks/callback.switch.js';
import { CallbackSettingsRepository } from '../set-callbacks/callback-settings.repository.js';
import { EndpointsRepository } from '../watch-endpoints/endpoints.repository.js';
import { failingPercent } from '../watch-endpoints/failing-percent.js';
import { CallbacksByFilterRepository } from './callbacks-by-filter.repository.js';
import { chooseReplayed } from './choose-replayed.js';

/** Messages in one transaction: nobody waits for long. */
const messagesMax = 200;

const storedStates = {
  waiting: [callbackState.waiting, callbackState.taken],
  delivered: [callbackState.delivered],
  superseded: [callbackState.superseded],
  dead: [callbackState.dead],
} as const satisfies Record<string, readonly CallbackState[]>;
type ShownState = keyof typeof storedStates;
const shownStates = Object.keys(storedStates) as readonly ShownState[];
const shownState = (state: CallbackState): ShownState => shownStates.find((shown) => (storedStates[shown] as readonly CallbackState[]).includes(state)) ?? 'waiting';

@Controller()
export class ReplayCallbacksOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly callbacks: CallbacksByFilterRepository,
    private readonly endpoints: EndpointsRepository,
    private readonly settings: CallbackSettingsRepository,
    private readonly sender: CallbackSender,
    private readonly callbackSwitch: CallbackSwitch,
  ) {}

  @OnRequest(findQueuedCallbacks)
  async find(@Payload() { state, ...filter }: RequestOf<typeof findQueuedCallbacks>): Promise<ReplyOf<typeof findQueuedCallbacks>> {
    const { found, counted } = await this.database.read(async (manager) => ({
      found: await this.callbacks.find(manager, filter, state ? storedStates[state] : Object.values(storedStates).flat()),
      counted: await this.callbacks.count(manager, filter),
    }));
    const countOf = (shown: ShownState): number => (storedStates[shown] as readonly CallbackState[]).reduce<number>((sum, one) => sum + (counted.get(one) ?? 0), 0);
    return {
      outcome: 'done',
      paused: this.callbackSwitch.paused,
      counts: { waiting: countOf('waiting'), delivered: countOf('delivered'), superseded: countOf('superseded'), dead: countOf('dead') },
      callbacks: found.map(({ messageId, sequence, account, userId, state: stored, ptt, dlr, atMs, attempts }) => {
        const [, lastStatus, lastReason] = attempts.at(-1) ?? [0, null, null];
        return { messageId, sequence, account, userId, state: shownState(stored), ptt, dlr, atMs, attempts: attempts.length, lastStatus, lastReason };
      }),
    };
  }

  @OnRequest(replayCallbacks)
  async replay(@Payload() { dryRun = false, ...filter }: RequestOf<typeof replayCallbacks>): Promise<ReplyOf<typeof replayCallbacks>> {
    const counts = { replayed: 0, superseded: 0 };
    for (let after: number | undefined = 0; after !== undefined; ) {
      const from: number = after;
      after = await this.replayPage(filter, from, dryRun, counts);
    }
    return { outcome: 'done', ...counts };
  }

  @OnRequest(pauseCallbacks)
  async pause(@Payload() { paused }: RequestOf<typeof pauseCallbacks>): Promise<ReplyOf<typeof pauseCallbacks>> {
    await this.callbackSwitch.set(paused);
    return { outcome: 'done' };
  }

  @OnRequest(findFailingEndpoints)
  async findFailing(): Promise<ReplyOf<typeof findFailingEndpoints>> {
    const endpoints = await this.database.read(async (manager) => {
      const failing = await this.endpoints.failing(manager);
      const shown = await Promise.all(failing.map(async (endpoint) => ({ endpoint, scopes: await this.settings.scopesOf(manager, endpoint.url) })));
      return shown.flatMap(({ endpoint, scopes }) =>
        scopes.map(({ account, userId }) => ({
          origin: new URL(endpoint.url).origin,
          account,
          userId,
          failingSinceMs: endpoint.failingSinceMs,
          lastFailureAtMs: endpoint.lastFailureAtMs,
          percent: failingPercent(endpoint),
        })),
      );
    });
    return { outcome: 'done', endpoints };
  }

  private async replayPage(
    filter: Omit<RequestOf<typeof replayCallbacks>, 'dryRun'>,
    after: number,
    dryRun: boolean,
    counts: { replayed: number; superseded: number },
  ): Promise<number | undefined> {
    const nowMs = Date.now();
    const { last, origins } = await this.database.transaction(async (manager) => {
      const messageIds = await this.callbacks.deadMessages(manager, filter, after, messagesMax);
      const all = await this.callbacks.ofMessages(manager, messageIds);
      const chosen = messageIds.map((messageId) => chooseReplayed(all.filter((callback) => callback.messageId === messageId)));
      const replayed = chosen.flatMap((one) =>
        one.replayed.map((callback, index) => {
          const url = callback.urlNow ?? callback.url;
          return { ...callback, url, origin: new URL(url).origin, isFirst: index === 0 };
        }),
      );
      const superseded = chosen.flatMap((one) => one.superseded);
      counts.replayed += replayed.length;
      counts.superseded += superseded.length;
      if (!dryRun) await this.callbacks.putBack(manager, replayed, superseded, nowMs);
      return { last: messageIds.at(-1), origins: dryRun ? [] : replayed.map(({ origin }) => origin) };
    });
    this.sender.offer({ taken: [], waitingOrigins: [...new Set(origins)], supersededMessageIds: [] });
    return last;
  }
}
