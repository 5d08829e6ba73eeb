import { Messaging } from '@kwota/messaging';
import { PublishFailed, RequestTimedOut } from '@kwota/messaging/failures';
import { Requests } from '@kwota/messaging/requests';
import { randomUUID } from 'node:crypto';
import type { Metrics } from './metrics.js';

type AskableContract<Request, Reply> = Readonly<{
  service: string;
  name: string;
  message: (request: Request, metadata: { id: string; source: string }) => { topic: string; key: string; value: string; headers: Record<string, string> };
  readReply: (value: string) => { readonly message: Reply } | { readonly violation: string };
}>;

/** No answer, or none that helps: the caller may try again. Its text names the service and the request, nothing that was in it. */
export class ServiceUnavailable extends Error {
  override readonly name = 'ServiceUnavailable';
}

/** Asks other services over the log. */
export class RequestClient {
  constructor(
    private readonly requests: Requests,
    private readonly source: string,
    private readonly timeoutMs: number,
  ) {}

  /** Usable at once: where the log is away, what is asked waits for it within its own time. */
  static start(messaging: Messaging, service: string, timeoutMs: number, metrics?: Metrics): RequestClient {
    const client = RequestClient.whenAsked(messaging, service, timeoutMs, metrics);
    // Whoever asks hears of a failure; nobody waits here.
    client.requests.start().catch(() => undefined);
    return client;
  }

  /** Listens for replies from its first request on: for who asks seldom. Every listener gets every reply, its own or not. */
  static whenAsked(messaging: Messaging, service: string, timeoutMs: number, metrics?: Metrics): RequestClient {
    const requests = new Requests(messaging, randomUUID());
    metrics?.gauge('kwota_requests_pending', 'Requests that wait for a reply.', () => requests.pending);
    metrics?.gauge('kwota_requests_timed_out_total', 'Requests that got no reply in time.', () => requests.timedOut);
    metrics?.gauge('kwota_late_replies_total', 'Replies that came after their asker gave up.', () => requests.lateReplies);
    return new RequestClient(requests, `kwota/${service}`, timeoutMs);
  }

  get instanceId(): string {
    return this.requests.instanceId;
  }

  get raw(): Requests {
    return this.requests;
  }

  close(): Promise<void> {
    return this.requests.close();
  }

  /**
   * @param id the request's id, by which a repeat is recognised; a new one where it is left out.
   * @throws ServiceUnavailable when no reply came in time or the service failed.
   */
  async ask<Request, Reply extends { outcome: string }>(
    contract: AskableContract<Request, Reply>,
    request: Request,
    { id = randomUUID(), timeoutMs = this.timeoutMs }: { id?: string; timeoutMs?: number } = {},
  ): Promise<Exclude<Reply, { outcome: 'failed' }>> {
    const what = `${contract.service}/${contract.name}`;
    const outgoing = contract.message(request, { id, source: this.source });
    const reply = await this.requests.request(outgoing, randomUUID(), timeoutMs).catch((error: unknown) => {
      if (error instanceof RequestTimedOut || error instanceof PublishFailed) throw new ServiceUnavailable(`${what}: ${error.message}`);
      throw error;
    });
    const read = contract.readReply(reply.value ?? 'null');
    if ('violation' in read) throw new ServiceUnavailable(`${what}: a reply that breaks its contract: ${read.violation}`);
    if (read.message.outcome === 'failed') throw new ServiceUnavailable(`${what}: failed`);
    return read.message as Exclude<Reply, { outcome: 'failed' }>;
  }
}
