import { Agent, request } from 'undici';
import { AddressGuard, AddressNotAllowed } from './address-guard.js';

/** OVH.md 9: from the look-up of the name to the end of the body. */
const attemptTimeoutMs = 10_000;
/** So much of an answer is read, so that its connection can be used again; what is longer is cut off with its connection. */
const bodyBytesMax = 64 * 1024;

/** `status` null: there was no answer, and `reason` says why. Neither holds anything of the URL. */
export type CallbackAnswer = Readonly<{ status: number | null; reason: string | null; retryAfter: string | undefined }>;

/** One HTTP GET to a customer's endpoint: no redirects, no proxy, only addresses that the guard lets through. */
export class CallbackClient {
  private readonly agent: Agent;

  constructor(
    private readonly guard: AddressGuard,
    connectionsPerOrigin: number,
    private readonly timeoutMs = attemptTimeoutMs,
  ) {
    this.agent = new Agent({
      connections: connectionsPerOrigin,
      pipelining: 1,
      // Shorter than most servers wait: a connection must not be closed just as it is used.
      keepAliveTimeout: 4_000,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: timeoutMs, lookup: guard.lookup },
    });
  }

  /** @param abort ends the attempt early; it then counts as failed. */
  async get(url: string, abort: AbortController): Promise<CallbackAnswer> {
    const target = new URL(url);
    const { hostname, username, password } = target;
    // A literal is never looked up.
    if (this.guard.isRefusedLiteral(hostname)) return { status: null, reason: 'address-not-allowed', retryAfter: undefined };
    const timer = setTimeout(() => abort.abort(new TimedOut()), this.timeoutMs);
    try {
      const headers = { 'user-agent': 'Kwota', ...(username || password ? { authorization: basicAuthorization(username, password) } : {}) };
      const answer = await request(target, { method: 'GET', headers, dispatcher: this.agent, signal: abort.signal });
      const retryAfter = answer.headers['retry-after'];
      // The status has decided; whether the rest of the body comes changes nothing.
      await answer.body.dump({ limit: bodyBytesMax, signal: abort.signal }).catch(() => undefined);
      return { status: answer.statusCode, reason: null, retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter };
    } catch (error) {
      return { status: null, reason: reasonOf(error), retryAfter: undefined };
    } finally {
      clearTimeout(timer);
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/** Ended by us: a final of the same message waits, or the service stops. */
export class AttemptCutShort extends Error {
  override readonly name = 'AttemptCutShort';
  readonly code = 'cut-short';
}

class TimedOut extends Error {
  override readonly name = 'TimedOut';
  readonly code = 'time-out';
}

/** A URL's name and password, as HTTP takes them (RFC 7617). */
const basicAuthorization = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;

/** System's and undici's codes tell enough; their messages hold addresses. */
const reasonOf = (error: unknown): string => {
  if (error instanceof AddressNotAllowed || error instanceof TimedOut || error instanceof AttemptCutShort) return error.code;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return /TIMEOUT$/.test(code) ? 'time-out' : code;
  return cause ? reasonOf(cause) : 'no answer';
};
