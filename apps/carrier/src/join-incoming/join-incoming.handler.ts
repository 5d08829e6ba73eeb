import type { MessageFromPhone } from '@kwota/contracts/incoming.v1';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { incomingText, type MessageOfPhone } from '../receive-incoming/message-of-deliver-sm.js';
import type { PartOfMessage } from '../receive-incoming/part-of-deliver-sm.js';
import { joinedText } from './joined-text.js';
import { JoinedMessagesRepository, keyOf, type JoinedMessage } from './joined-messages.repository.js';

/** Parts of a message follow each other within seconds; Kannel gives up after half an hour, too (sms-combine-concatenated-mo-timeout). */
export const waitForPartsMs = 30 * 60 * 1_000;
/** A part that the SMSC sends again, because our answer to it was lost, is known for so long after its message was whole. */
export const repeatsKnownMs = 5 * 60 * 1_000;
/** Of more that wait for parts the oldest goes on as it is. A row is about 300 bytes beside its texts. */
export const waitingMessagesMax = 10_000;
/** In one transaction of the look. */
const givenUpMax = 100;

/** Puts the parts of messages from phones together, whatever their order, and durably: what came before a restart is there after it. */
@Injectable()
export class JoinIncomingHandler {
  constructor(private readonly repository: JoinedMessagesRepository) {}

  /** What is to go on to dlr now: the message when this part was its last one, and what gives way to it. */
  async take(manager: EntityManager, connector: string, { phone, to, text }: MessageOfPhone, part: PartOfMessage, nowMs: number): Promise<MessageFromPhone[]> {
    const key = keyOf(phone, to, part);
    const received = { number: part.number, text };
    const gone: MessageFromPhone[] = [];
    let joined: JoinedMessage | undefined;
    for (const known of await this.repository.find(manager, key)) {
      const like = await this.repository.compare(manager, known.incomingId, received);
      if (like === 'same') return [];
      if (known.isWhole) continue;
      if (like === 'new') joined ??= known;
      // The phone uses the reference for another message: the rest of the first one never comes.
      else gone.push(await this.finish(manager, known, nowMs));
    }
    if (joined === undefined) {
      gone.push(...(await this.makeRoom(manager, nowMs)));
      joined = { ...key, incomingId: randomUUID(), connector, firstAtMs: nowMs, isWhole: false };
      await this.repository.begin(manager, joined);
    }
    await this.repository.addPart(manager, joined.incomingId, received);
    const texts = await this.repository.texts(manager, joined.incomingId);
    return texts.size < joined.of ? gone : [...gone, await this.finish(manager, joined, nowMs)];
  }

  /** Those whose other parts have not come within half an hour go on as they are; at most a hundred of them. */
  async giveUp(manager: EntityManager, nowMs: number): Promise<MessageFromPhone[]> {
    await this.repository.forget(manager, nowMs - repeatsKnownMs);
    return this.finishAll(manager, await this.repository.waitingSince(manager, nowMs - waitForPartsMs, givenUpMax), nowMs);
  }

  /** Whether `giveUp` has anything to do. */
  async hasToGiveUp(manager: EntityManager, nowMs: number): Promise<boolean> {
    return (await this.repository.waitingSince(manager, nowMs - waitForPartsMs, 1)).length > 0 || this.repository.hasEnded(manager, nowMs - repeatsKnownMs);
  }

  private async makeRoom(manager: EntityManager, nowMs: number): Promise<MessageFromPhone[]> {
    const tooMany = (await this.repository.countWaiting(manager)) + 1 - waitingMessagesMax;
    return tooMany <= 0 ? [] : this.finishAll(manager, await this.repository.waitingSince(manager, nowMs, tooMany), nowMs);
  }

  private async finishAll(manager: EntityManager, all: readonly JoinedMessage[], nowMs: number): Promise<MessageFromPhone[]> {
    const messages: MessageFromPhone[] = [];
    for (const joined of all) messages.push(await this.finish(manager, joined, nowMs));
    return messages;
  }

  private async finish(manager: EntityManager, { incomingId, phone, to, of, connector, firstAtMs }: JoinedMessage, nowMs: number): Promise<MessageFromPhone> {
    const { text, partsMissing } = joinedText(await this.repository.texts(manager, incomingId), of);
    await this.repository.end(manager, incomingId, nowMs);
    return {
      ...{ kind: 'received', incomingId, account: null, userId: null, messageId: null, phone, to, text: incomingText(text), connector, receivedAtMs: firstAtMs },
      ...(partsMissing > 0 && { partsMissing }),
    };
  }
}
