import { openAccount, openUser, purchaseCredits } from '@kwota/contracts/ledger.requests.v1';
import { createAccount, createApplication, createOauthClient, createUser, declareSender, listAccounts, setOperatorToken } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../operator/operator.guard.js';

/** What `<data dir>/first-start.json` holds (DESIGN §8). */
export type FirstStart = Readonly<{
  url: string;
  serviceName: string;
  login: string;
  password: string;
  sender: string;
  applicationKey: string;
  applicationSecret: string;
  consumerKey: string;
  clientId: string;
  clientSecret: string;
  operatorToken: string;
}>;

const firstCreditsMilli = 200_000;
/** Whose the first account is; an operator gives him a password. */
export const firstOwner = 'kw1-kwota';

/**
 * An empty installation gets one account with credit, a user, a sender and keys. The secrets are written down before the first command and
 * the commands have fixed ids, so that a crash in between repeats the same. Undefined: there was a first start before.
 */
export class FirstStarter {
  constructor(
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
    private readonly dataDir: string,
    private readonly operatorToken: string,
  ) {}

  async run(url: string): Promise<FirstStart | undefined> {
    const file = join(this.dataDir, 'first-start.json');
    const pending = join(this.dataDir, 'first-start.pending.json');
    if (existsSync(file)) return undefined;
    if (!existsSync(pending)) {
      if ((await this.requests.ask(listAccounts, {})).accounts.length > 0) return undefined;
      writeFileSync(pending, `${JSON.stringify(this.invent(url), null, 2)}\n`, { mode: 0o600, flush: true });
    }
    const first = { ...(JSON.parse(readFileSync(pending, 'utf8')) as FirstStart), url };
    if (!(await this.open(first))) {
      rmSync(pending);
      return undefined;
    }
    writeFileSync(pending, `${JSON.stringify(first, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(pending, file);
    return first;
  }

  private invent(url: string): FirstStart {
    return {
      url,
      serviceName: 'sms-kw00001-1',
      login: 'demo',
      password: letters(8),
      sender: 'KWOTA',
      applicationKey: letters(16),
      applicationSecret: letters(32),
      consumerKey: letters(32),
      clientId: `EU.${randomBytes(8).toString('hex')}`,
      clientSecret: letters(32),
      operatorToken: this.operatorToken || letters(40),
    };
  }

  /** False: another gateway was first, and its secrets are those that hold. */
  private async open(first: FirstStart): Promise<boolean> {
    const { serviceName: account, login, password, sender, applicationKey, applicationSecret, consumerKey, clientId, clientSecret } = first;
    const { requests, sealing } = this;
    const id = (step: string) => ({ id: `first-start-${step}` });
    // Of this attempt alone, and the same when it is repeated: of two gateways one gets the login.
    const userId = `u-first-${clientId.replace(/^EU\./, '')}`;
    await requests.ask(createAccount, { requestId: 'first-start', account, description: 'First account' }, id('account'));
    await requests.ask(openAccount, { account }, id('credit'));
    await requests.ask(purchaseCredits, { account, reference: 'first-start', amountMilliCredits: firstCreditsMilli }, id('purchase'));
    const created = await requests.ask(createUser, { account, userId, login, sealedPassword: sealing.seal(password, userId) }, id('user'));
    if (created.outcome === 'refused') return false;
    await requests.ask(openUser, { account, userId }, id('open-user'));
    await requests.ask(declareSender, { account, sender, description: 'First sender' }, id('sender'));
    const rules = ['GET', 'POST', 'PUT', 'DELETE'].map((method) => ({ method, path: '/*' }));
    const sealedApplicationSecret = sealing.seal(applicationSecret, applicationKey);
    const owned = { accounts: [account], ownerId: firstOwner };
    await requests.ask(createApplication, { applicationKey, sealedApplicationSecret, consumerKey, rules, ...owned }, id('application'));
    await requests.ask(createOauthClient, { clientId, sealedClientSecret: sealing.seal(clientSecret, clientId), ...owned }, id('client'));
    await requests.ask(setOperatorToken, { tokenSha256: sha256(first.operatorToken).toString('hex') }, id('operator'));
    return true;
  }
}

const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const letters = (count: number): string => Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join('');
