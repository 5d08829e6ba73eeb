import { Agent, buildConnector, request } from 'undici';
import type { CallbackRequest } from './callback-request.js';
import { AddressGuard, AddressNotAllowed } from './address-guard.js';

/** OVH.md 9: from the look-up of the name to the end of the body. */
const attemptTimeoutMs = 10_000;
/** So much of an answer is read, so that its connection can be used again; what is longer is cut off with its connection. */
const bodyBytesMax = 64 * 1024;

/** `status` null: there was no answer, and `reason` says why. Neither holds anything of the URL. */
export type CallbackAnswer = Readonly<{
  status: number | null;
  reason: string | null;
  retryAfter: string | undefined;
  /** From the look-up of the name to the end of the answer. */
  latencyMs: number;
  /** The IP address that the endpoint's last connection was made to; undefined before the first. */
  address: string | undefined;
}>;

/** Addresses are remembered for so many endpoints: about 200 bytes each. */
const addressesMax = 20_000;

/** One HTTP request to a customer's endpoint: no redirects, no proxy, only addresses that the guard lets through. */
export class CallbackClient {
  private readonly agent: Agent;
  private readonly addresses = new Map<string, string>();

  constructor(
    private readonly guard: AddressGuard,
    connectionsPerOrigin: number,
    private readonly timeoutMs = attemptTimeoutMs,
  ) {
    const connect = buildConnector({ timeout: timeoutMs, lookup: guard.lookup });
    this.agent = new Agent({
      connections: connectionsPerOrigin,
      pipelining: 1,
      // Shorter than most servers wait: a connection must not be closed just as it is used.
      keepAliveTimeout: 4_000,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: (options, connected) =>
        connect(options, (...result) => {
          this.remember(`${options.protocol}//${options.host}`, result[1]?.remoteAddress);
          connected(...result);
        }),
    });
  }

  /** @param abort ends the attempt early; it then counts as failed. */
  async send({ url, method, headers: given, body }: CallbackRequest, abort: AbortController): Promise<CallbackAnswer> {
    const target = new URL(url);
    const { hostname, username, password, protocol, host } = target;
    const startedAtMs = performance.now();
    const told = (answer: Pick<CallbackAnswer, 'status' | 'reason' | 'retryAfter'>): CallbackAnswer => ({
      ...answer,
      latencyMs: Math.round(performance.now() - startedAtMs),
      address: this.addresses.get(`${protocol}//${host}`),
    });
    const failed = (reason: string): CallbackAnswer => told({ status: null, reason, retryAfter: undefined });
    // A literal is never looked up.
    if (this.guard.isRefusedLiteral(hostname)) return failed('address-not-allowed');
    const timer = setTimeout(() => abort.abort(new TimedOut()), this.timeoutMs);
    try {
      const headers = { ...given, 'user-agent': 'Kwota', ...(username || password ? { authorization: basicAuthorization(username, password) } : {}) };
      const answer = await request(target, { method, headers, dispatcher: this.agent, signal: abort.signal, ...(body !== undefined && { body }) });
      const retryAfter = answer.headers['retry-after'];
      // The status has decided; whether the rest of the body comes changes nothing.
      await answer.body.dump({ limit: bodyBytesMax, signal: abort.signal }).catch(() => undefined);
      return told({ status: answer.statusCode, reason: null, retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter });
    } catch (error) {
      return failed(reasonOf(error));
    } finally {
      clearTimeout(timer);
    }
  }

  private remember(origin: string, address: string | undefined): void {
    if (address === undefined) return;
    this.addresses.set(origin, address);
    const [oldest] = this.addresses.keys();
    if (this.addresses.size > addressesMax && oldest !== undefined) this.addresses.delete(oldest);
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
