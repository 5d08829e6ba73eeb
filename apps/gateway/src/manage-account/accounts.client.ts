import { findAlertTemplates, setAlertTemplates, type AlertTemplates } from '@kwota/contracts/alerts.requests.v1';
import { findCallbacks, setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { findSmsResponse, setSmsResponse } from '@kwota/contracts/phones.requests.v1';
import { adjustCredits, openAccount, purchaseCredits, setRecreditThreshold, showAccount } from '@kwota/contracts/ledger.requests.v1';
import { createAccount, listAccounts, updateAccount } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { milliCreditsOf, shownCredits } from '../edge/credits.js';
import { badRequest, callbackRefused, conflict, serviceUnknown } from '../v6/ovh-error.js';
import type { ChangeAccountDto, SmsResponseDto } from './account.dto.js';

/** An SMS account as OVH shows it, put together from users, ledger, dlr and alerts. */
@Injectable()
export class AccountsClient {
  constructor(private readonly requests: RequestClient) {}

  async names(): Promise<string[]> {
    return (await this.requests.ask(listAccounts, {})).accounts.map(({ account }) => account);
  }

  /**
   * Repeating it under the same name and description, or the same request id, changes nothing.
   * @throws OvhError 409 for another description than the one that is there: whoever gives it would think it was taken.
   */
  async create(account: string | null | undefined, description: string | null | undefined, requestId: string): Promise<string> {
    const created = await this.requests.ask(createAccount, { requestId, description: description ?? '', ...(account ? { account } : {}) });
    if (!created.created && description != null) {
      const { accounts } = await this.requests.ask(listAccounts, {});
      if (accounts.some((one) => one.account === created.account && one.description !== description))
        throw conflict('serviceName is an account already, with another description: PUT changes it');
    }
    await this.requests.ask(openAccount, { account: created.account });
    return created.account;
  }

  async show(account: string) {
    const [known, credit, callbacks, { templates }, { responseType, text, cgiUrl }] = await Promise.all([
      this.requests.ask(listAccounts, {}),
      this.requests.ask(showAccount, { account }),
      this.requests.ask(findCallbacks, { account }),
      this.requests.ask(findAlertTemplates, { account }),
      this.requests.ask(findSmsResponse, { account }),
    ]);
    const described = known.accounts.find((one) => one.account === account);
    if (credit.outcome === 'refused' || !described) throw serviceUnknown();
    const callback = callbacks.callbacks.find(({ userId }) => userId === null);
    return {
      name: account,
      status: 'enable',
      creditsLeft: shownCredits(credit.poolMilliCredits),
      creditsHoldByQuota: shownCredits(credit.heldByQuotaMilliCredits),
      userQuantityWithQuota: credit.usersWithQuota,
      description: described.description,
      automaticRecreditAmount: null,
      creditThresholdForAutomaticRecredit: shownCredits(credit.recreditThresholdMilliCredits ?? 0),
      callBack: callback?.callBack ?? null,
      stopCallBack: callback?.stopCallBack ?? null,
      smsResponse: { responseType, ...(text === null ? {} : { text }), ...(cgiUrl === null ? {} : { cgiUrl }) },
      templates,
      channel: 'both',
      smpp: false,
    };
  }

  async change(account: string, { description, callBack, stopCallBack, templates, smsResponse, creditThresholdForAutomaticRecredit: recreditAt }: ChangeAccountDto): Promise<void> {
    const recreditMilliCredits = typeof recreditAt === 'number' ? milliCreditsOf(recreditAt) : null;
    if (recreditMilliCredits === undefined) throw badRequest('creditThresholdForAutomaticRecredit must be an amount with at most three decimals');
    const callbacks = {
      ...(callBack === undefined ? {} : { callBack: callBack || null }),
      ...(stopCallBack === undefined ? {} : { stopCallBack: stopCallBack || null }),
    };
    if (Object.keys(callbacks).length > 0) {
      const reply = await this.requests.ask(setCallbacks, { account, userId: null, ...callbacks });
      if (reply.outcome === 'refused') throw callbackRefused(reply.field, reply.code);
    }
    if (recreditMilliCredits !== null) {
      // 0 is off, as OVH shows it.
      const reply = await this.requests.ask(setRecreditThreshold, { account, levelMilliCredits: recreditMilliCredits || null });
      if (reply.outcome === 'refused') throw reply.code === 'amount-not-valid' ? badRequest('creditThresholdForAutomaticRecredit is too large') : serviceUnknown();
    }
    if (smsResponse?.responseType) await this.setResponse(account, smsResponse.responseType, smsResponse);
    if (templates) {
      const { templates: known } = await this.requests.ask(findAlertTemplates, { account });
      await this.requests.ask(setAlertTemplates, { account, templates: { ...known, ...given(templates) } });
    }
    if (typeof description === 'string') {
      const reply = await this.requests.ask(updateAccount, { account, description });
      if (reply.outcome === 'refused') throw serviceUnknown();
    }
  }

  private async setResponse(account: string, responseType: 'none' | 'text' | 'cgi', { text, cgiUrl }: SmsResponseDto): Promise<void> {
    const reply = await this.requests.ask(setSmsResponse, { account, responseType, ...(text ? { text } : {}), ...(cgiUrl ? { cgiUrl } : {}) });
    if (reply.outcome === 'done') return;
    throw reply.code === 'text-missing' ? badRequest('smsResponse.text is required') : callbackRefused('smsResponse.cgiUrl', reply.code);
  }

  /** Up or down, once per reference; the code says why, and the ledger keeps it. */
  async adjust(account: string, credits: number, reference: string, reasonCode: string): Promise<{ creditsLeft: number }> {
    const amountMilliCredits = milliCreditsOf(credits);
    if (amountMilliCredits === undefined) throw badRequest('credits must be an amount with at most three decimals');
    const reply = await this.requests.ask(adjustCredits, { account, reference, amountMilliCredits, reasonCode, by: 'operator' });
    if (reply.outcome === 'done') return { creditsLeft: shownCredits(reply.poolMilliCredits) };
    if (reply.code === 'account-unknown') throw serviceUnknown();
    if (reply.code === 'conflict') throw conflict('reference was used for another amount');
    if (reply.code === 'credit-too-low') throw badRequest(`credits would take more than is left (${shownCredits(reply.leftMilliCredits ?? 0)})`);
    throw badRequest(`credits were refused: ${reply.code}`);
  }

  /** Once per reference. Credits may have three decimals. */
  async purchase(account: string, credits: number, reference: string): Promise<{ creditsLeft: number }> {
    const amountMilliCredits = milliCreditsOf(credits);
    if (amountMilliCredits === undefined) throw badRequest('credits must be an amount with at most three decimals');
    const reply = await this.requests.ask(purchaseCredits, { account, reference, amountMilliCredits });
    if (reply.outcome === 'done') return { creditsLeft: shownCredits(reply.poolMilliCredits) };
    if (reply.code === 'account-unknown') throw serviceUnknown();
    if (reply.code === 'conflict') throw conflict('reference was used for another amount');
    throw badRequest(`credits were refused: ${reply.code}`);
  }
}

/** Without the nulls that clients send for what they leave out. */
const given = (templates: object): Partial<AlertTemplates> => Object.fromEntries(Object.entries(templates).filter(([, value]) => value !== null && value !== undefined));
