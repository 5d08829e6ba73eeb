import { ServiceUnavailable } from '@kwota/service-kit/request-client';
import { stackOnly } from '@kwota/service-kit/messaging-strategy';
import { StopList } from '@kwota/service-kit/stop-list';
import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { shownCredits } from '../edge/credits.js';
import { GatewayLog } from '../edge/gateway-log.js';
import { GatewaySettings } from '../edge/gateway-settings.js';
import { sortReceivers } from '../edge/receivers.js';
import { KnownUsers, type KnownUser } from '../known-users/known-users.projection.js';
import { Limits } from '../limit-requests/limits.js';
import { composeMessage } from '../submit-messages/compose-message.js';
import { SubmitMessagesClient, type Submitted } from '../submit-messages/submit-messages.client.js';
import { PasswordChecks } from '../verify-passwords/password-checks.js';
import type { Http2SmsAnswer } from './http2sms.answer.js';
import { readParameters, type Http2SmsParameters } from './http2sms.parameters.js';

const notIdentified = { status: 401, message: 'Invalid account, login or password' } as const;
const unavailable = { status: 503, message: 'Temporarily unavailable, not charged' } as const;

/** One http2sms call from its parameters to its answer; what it refuses, it refuses in the order written here. */
@Injectable()
export class Http2SmsHandler {
  constructor(
    private readonly knownUsers: KnownUsers,
    private readonly passwords: PasswordChecks,
    private readonly submitMessages: SubmitMessagesClient,
    private readonly settings: GatewaySettings,
    private readonly log: GatewayLog,
    private readonly limits: Limits,
    private readonly stops: StopList,
  ) {}

  async handle(given: URLSearchParams, address: string): Promise<Http2SmsAnswer> {
    const parameters = readParameters(given, Date.now(), this.settings.timeZone);
    if ('status' in parameters) return parameters;
    try {
      return await this.identifyAndSend(parameters, address);
    } catch (error) {
      // Whatever it was, a submission that got out is withdrawn; the sender is told in the body, as always (OVH.md 9).
      if (!(error instanceof ServiceUnavailable)) this.log.error({ err: stackOnly(error) }, 'http2sms failed');
      return unavailable;
    }
  }

  private async identifyAndSend(parameters: Http2SmsParameters, address: string): Promise<Http2SmsAnswer> {
    const { account, login, password } = parameters;
    const check = await this.passwords.check(account, login, password, address);
    if (check === 'too-many-attempts') return { status: 429, message: 'Too many wrong passwords, try again in a minute' };
    if (check === 'bad-credentials') return notIdentified;
    const { user } = check;
    if (user.ipRestrictions.length > 0 && !user.ipRestrictions.includes(address))
      return { status: 401, message: `The IP address ${address} is not authorised for this user` };
    return this.send(parameters, user);
  }

  private async send(parameters: Http2SmsParameters, { userId, messagesPerMinute }: KnownUser): Promise<Http2SmsAnswer> {
    const { account, from, senderForResponse, to, message, noStop, coding, tag, messageClass, deferredUntilMs, idempotencyKey } = parameters;
    const sender = senderForResponse ? this.settings.responseSender : this.knownUsers.declaredSender(account, from);
    if (sender === undefined) return { status: 241, message: 'Invalid from: the sender is not declared' };
    const receivers = sortReceivers(to, (number) => this.stops.has(account, number));
    if (receivers.valid.length === 0) return { status: 202, message: 'Invalid to: no valid receiver' };
    const composed = composeMessage(message, { noStop, coding });
    if (!composed) return { status: 202, message: 'Invalid message: is too long, at most 6 parts' };

    const waitS = this.limits.secondsToWait(userId, messagesPerMinute, receivers.valid.length);
    if (waitS > 0) return { status: 429, message: `Too many messages: at most ${messagesPerMinute} in a minute, try again in ${waitS} s` };
    const submitted = await this.submitMessages.submit({
      account,
      userId,
      receivers: receivers.valid,
      sender,
      ...composed,
      noStop,
      source: 'http2sms',
      ...(tag === undefined ? {} : { tag }),
      ...(messageClass === undefined ? {} : { messageClass }),
      ...(deferredUntilMs === undefined ? {} : { deferredUntilMs }),
      ...(idempotencyKey === undefined ? {} : { clientKey: idempotencyKey, bodyDigest: digestOf(parameters) }),
    });
    return answerTo(submitted);
  }
}

const answerTo = (submitted: Submitted): Http2SmsAnswer => {
  const left = String(shownCredits(submitted.leftMilliCredits));
  if (submitted.outcome === 'accepted') return { status: 100, creditLeft: left, smsIds: submitted.messageIds };
  switch (submitted.code) {
    case 'quota-too-low':
      return { status: 402, message: `Not enough credits in the quota (left: ${left})` };
    case 'credit-too-low':
      return { status: 402, message: `Not enough credits on the account (left: ${left})` };
    case 'account-frozen':
    case 'account-closed':
      return { status: 402, message: 'The account may not send at present' };
    case 'account-unknown':
    case 'user-unknown':
    case 'user-closed':
      return notIdentified;
    case 'key-conflict':
    case 'conflict':
      return { status: 409, message: 'The idempotency key was used for another message' };
    case 'price-not-valid':
      return { status: 202, message: 'Invalid to: no price for this destination' };
    case 'too-many-open-holds':
      return { status: 429, message: 'Too many messages under way' };
    case 'withdrawn':
    case 'too-late':
    case 'too-old':
      return unavailable;
  }
};

/** What a repeat under the same key must repeat; the password is no part of it, so it may change in between. */
const digestOf = ({ from, to, message, noStop, tag, messageClass, coding, deferredUntilMs }: Http2SmsParameters): string =>
  createHash('sha256')
    .update(JSON.stringify([from, to, message, noStop, tag, messageClass, coding, deferredUntilMs]))
    .digest('hex');
