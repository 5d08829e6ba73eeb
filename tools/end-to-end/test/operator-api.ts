/** The operator API as tests use it. */
export class OperatorApi {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** @throws Error with status and body for anything but 2xx. */
  async ask<Body = unknown>(method: string, path: string, body?: unknown): Promise<Body> {
    const response = await this.send(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Body;
  }

  send(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}/operator${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
