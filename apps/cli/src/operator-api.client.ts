import { z } from 'zod';
import { exitCodes, type Report } from './report.js';

/** The gateway's own deadline for a request is 5 s by default; behind a slow disk it may be set longer. */
const answerWithinMs = 30_000;

export const accountView = z.looseObject({
  name: z.string(),
  description: z.string(),
  creditsLeft: z.number(),
  creditsHoldByQuota: z.number(),
  userQuantityWithQuota: z.number(),
  callBack: z.string().nullable(),
  stopCallBack: z.string().nullable(),
  creditThresholdForAutomaticRecredit: z.number().optional(),
});
export type AccountView = z.infer<typeof accountView>;

export const userView = z.looseObject({
  login: z.string(),
  quotaInformations: z.object({ quotaLeft: z.number(), quotaStatus: z.enum(['active', 'inactive']) }),
  alertThresholdInformations: z.object({
    alertEmail: z.string(),
    alertNumber: z.string(),
    alertThreshold: z.number(),
    support: z.enum(['both', 'mail', 'sms']),
  }),
  ipRestrictions: z.array(z.string()),
  callBack: z.string().nullable(),
  stopCallBack: z.string().nullable(),
  messagesPerMinute: z.number().nullable().optional(),
});
export type UserView = z.infer<typeof userView>;

/** Names of accounts, logins of users. */
export const names = z.array(z.string());

export type Failed = Readonly<{ outcome: 'refused'; httpStatus: number; message: string }> | Readonly<{ outcome: 'unreachable'; message: string }>;
export type Answer<Body> = Readonly<{ outcome: 'done'; body: Body }> | Failed;

/** The operator API of a running Kwota. Every answer is a value, also that there is none. */
export class OperatorApi {
  constructor(
    readonly url: string,
    private readonly operatorToken: string,
  ) {}

  get<Body>(path: string, body: z.ZodType<Body>): Promise<Answer<Body>> {
    return this.ask('GET', path, body);
  }

  post<Body>(path: string, sent: unknown, body: z.ZodType<Body>): Promise<Answer<Body>> {
    return this.ask('POST', path, body, sent);
  }

  /** Answered with `null`, OVH's form for "done". */
  put(path: string, sent: unknown): Promise<Answer<null>>;
  put<Body>(path: string, sent: unknown, body: z.ZodType<Body>): Promise<Answer<Body>>;
  put(path: string, sent: unknown, body: z.ZodType<unknown> = z.null()): Promise<Answer<unknown>> {
    return this.ask('PUT', path, body, sent);
  }

  delete(path: string): Promise<Answer<null>> {
    return this.ask('DELETE', path, z.null());
  }

  private async ask<Body>(method: string, path: string, body: z.ZodType<Body>, sent?: unknown): Promise<Answer<Body>> {
    let response: Response;
    let answered: unknown;
    try {
      response = await fetch(new URL(`/operator${path}`, this.url), {
        method,
        headers: { authorization: `Bearer ${this.operatorToken}`, ...(sent === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
        signal: AbortSignal.timeout(answerWithinMs),
        // Another host would get the token.
        redirect: 'error',
      });
      answered = response.headers.get('content-type')?.startsWith('text/csv') ? await response.text() : await response.json();
    } catch (error) {
      return { outcome: 'unreachable', message: `nobody answers as Kwota at ${this.url} (${reasonOf(error)})` };
    }
    if (response.ok) {
      const known = body.safeParse(answered);
      return known.success ? { outcome: 'done', body: known.data } : { outcome: 'unreachable', message: `${this.url} does not answer as Kwota's operator API` };
    }
    const said = refusal.safeParse(answered).data?.message ?? `HTTP ${response.status}`;
    // OVH's words do not say what it is that is not there.
    const message = response.status === 404 ? `${decodeURIComponent(path.slice(1).split('?')[0] ?? '')}: ${said}` : said;
    // The gateway is there and what it needs is not: to an operator that is as good as nobody.
    return response.status >= 502 && response.status <= 504 ? { outcome: 'unreachable', message } : { outcome: 'refused', httpStatus: response.status, message };
  }
}

/** A path of the operator API by its parts. */
export const below = (...segments: readonly string[]): string => segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
/** Of an account, and what belongs to it; without segments, of all accounts. */
export const pathOf = (...segments: readonly string[]): string => below('accounts', ...segments);

export const failed = (failure: Failed): Report => ({
  exitCode: failure.outcome === 'refused' ? exitCodes.refused : exitCodes.unreachable,
  json: failure,
  text: failure.message,
});

const refusal = z.object({ message: z.string() });

/** fetch hides what happened (ECONNREFUSED, unknown scheme, …) in the cause; an answer that is no JSON must not be quoted. */
export const reasonOf = (error: unknown): string => {
  const { cause, name } = error as { cause?: { code?: unknown; message?: unknown }; name?: unknown };
  if (name === 'SyntaxError') return 'its answer is no JSON';
  return String(cause?.code ?? cause?.message ?? name);
};
