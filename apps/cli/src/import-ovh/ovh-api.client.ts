import { createHash } from 'node:crypto';
import { z } from 'zod';
import { reasonOf } from '../operator-api.client.js';

export type OvhKeys = Readonly<{ endpoint: string; applicationKey: string; applicationSecret: string; consumerKey: string }>;

/** The names that OVH's own clients use; anything else is a URL. */
const endpoints: Readonly<Record<string, string>> = {
  'ovh-eu': 'https://eu.api.ovh.com/1.0',
  'ovh-ca': 'https://ca.api.ovh.com/1.0',
  'ovh-us': 'https://api.us.ovhcloud.com/1.0',
};
export const endpointOf = (given: string): string => (endpoints[given] ?? given).replace(/\/+$/, '');

const answerWithinMs = 30_000;

/** What OVH refused or did not answer; its text names the path and OVH's reason, no key. */
export class OvhFailure extends Error {
  override readonly name = 'OvhFailure';

  constructor(
    message: string,
    /** What it answered, where it did. */
    readonly httpStatus?: number,
  ) {
    super(message);
  }
}

/** Reads from OVH's v6 API, or anything that speaks it, with the owner's keys (OVH.md 2.1). */
export class OvhApi {
  private clockAheadS: number | undefined;

  constructor(private readonly keys: OvhKeys) {}

  /** `path` with its variable parts escaped already. @throws OvhFailure. */
  async get<Body>(path: string, body: z.ZodType<Body>): Promise<Body> {
    this.clockAheadS ??= (await this.ask('/auth/time', z.number(), {})) - Math.floor(Date.now() / 1_000);
    const { endpoint, applicationKey, applicationSecret, consumerKey } = this.keys;
    const timestamp = String(Math.floor(Date.now() / 1_000) + this.clockAheadS);
    const signed = [applicationSecret, consumerKey, 'GET', endpoint + path, '', timestamp].join('+');
    return this.ask(path, body, {
      'x-ovh-application': applicationKey,
      'x-ovh-consumer': consumerKey,
      'x-ovh-timestamp': timestamp,
      'x-ovh-signature': `$1$${createHash('sha1').update(signed).digest('hex')}`,
    });
  }

  private async ask<Body>(path: string, body: z.ZodType<Body>, headers: Readonly<Record<string, string>>): Promise<Body> {
    let status: number;
    let answered: unknown;
    try {
      const response = await fetch(this.keys.endpoint + path, { headers, redirect: 'error', signal: AbortSignal.timeout(answerWithinMs) });
      status = response.status;
      answered = await response.json();
    } catch (error) {
      throw new OvhFailure(`${this.keys.endpoint} does not answer GET ${path} (${reasonOf(error)})`);
    }
    if (status !== 200) throw new OvhFailure(`${this.keys.endpoint} refuses GET ${path}: ${status} ${refusal.safeParse(answered).data?.message ?? ''}`.trim(), status);
    const read = body.safeParse(answered);
    if (!read.success) throw new OvhFailure(`${this.keys.endpoint} answers GET ${path} in a form that is not OVH's`);
    return read.data;
  }
}

const refusal = z.object({ message: z.string() });
