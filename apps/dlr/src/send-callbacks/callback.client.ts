import { Agent, buildConnector } from 'undici';
import { AddressGuard, AddressNotAllowed } from './address-guard.js';
import type { CallbackRequest } from './callback-request.js';
import { endpointOf, type Endpoint } from './endpoint.js';
import { AttemptCutShort, TimedOut, type HttpAttempt } from './http-attempt.js';

/** OVH.md 9: from the look-up of the name to the end of the body. */
const attemptTimeoutMs = 10_000;

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

/** `isRefused`: it is an address that callbacks may not reach. A name is judged at each connection. */
type JudgedEndpoint = Endpoint & Readonly<{ isRefused: boolean }>;

/** What URLs tell is remembered for so many endpoints, and the addresses of so many: about a kilobyte for both. */
const endpointsMax = 20_000;

/** One HTTP request to a customer's endpoint: no redirects, no proxy, only addresses that the guard lets through. */
export class CallbackClient {
  private readonly agent: Agent;
  private readonly endpoints = new Map<string, JudgedEndpoint>();
  /** By origin. */
  private readonly addresses = new Map<string, string>();

  constructor(
    private readonly guard: AddressGuard,
    connectionsPerOrigin: number,
    private readonly timeoutMs = attemptTimeoutMs,
    private readonly rememberedMax = endpointsMax,
  ) {
    const connect = buildConnector({ timeout: timeoutMs, lookup: guard.lookup });
    this.agent = new Agent({
      connections: connectionsPerOrigin,
      pipelining: 1,
      // Shorter than most servers wait: a connection must not be closed just as it is used.
      keepAliveTimeout: 4_000,
      // The attempt's own deadline is before them.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, connected) =>
        connect(options, (...result) => {
          const address = result[1]?.remoteAddress;
          if (address !== undefined) this.remember(this.addresses, `${options.protocol}//${options.host}`, address);
          connected(...result);
        }),
    });
  }

  /** @param attempt of this request alone. */
  async send({ url, query, method, headers: own, body }: CallbackRequest, attempt: HttpAttempt): Promise<CallbackAnswer> {
    const { origin, path, pathBeforeQuery, headers: ofEndpoint, isRefused } = this.endpoint(url);
    const startedAtMs = performance.now();
    if (isRefused) attempt.end(new AddressNotAllowed('not a public address'));
    if (!attempt.error) {
      const timer = setTimeout(() => attempt.end(new TimedOut()), this.timeoutMs);
      // undici reads a list in a third of the time that an object takes it.
      const headers = [...ofEndpoint];
      for (const [name, value] of Object.entries(own)) headers.push(name, value);
      this.agent.dispatch({ origin, path: query === undefined ? path : `${pathBeforeQuery}${query}`, method, headers, body: body ?? null }, attempt);
      await attempt.finished;
      clearTimeout(timer);
    }
    const { status, retryAfter, error } = attempt;
    const latencyMs = Math.round(performance.now() - startedAtMs);
    return { status, reason: status === null ? reasonOf(error) : null, retryAfter, latencyMs, address: this.addresses.get(origin) };
  }

  private endpoint(url: string): JudgedEndpoint {
    const known = this.endpoints.get(url);
    if (known) return known;
    const endpoint = endpointOf(url);
    const judged = { ...endpoint, isRefused: this.guard.isRefusedLiteral(endpoint.hostname) };
    this.remember(this.endpoints, url, judged);
    return judged;
  }

  /** The one that was remembered first goes first. */
  private remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
    map.set(key, value);
    const [oldest] = map.keys();
    if (map.size > this.rememberedMax && oldest !== undefined) map.delete(oldest);
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/** System's and undici's codes tell enough; their messages hold addresses. */
const reasonOf = (error: unknown): string => {
  if (error instanceof AddressNotAllowed || error instanceof TimedOut || error instanceof AttemptCutShort) return error.code;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return /TIMEOUT$/.test(code) ? 'time-out' : code;
  return cause ? reasonOf(cause) : 'no answer';
};
