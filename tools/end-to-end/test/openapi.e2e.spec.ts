import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { execFile } from 'node:child_process';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installTimeoutMs, isThere, pythonPackages } from './other-peoples-programs.js';

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-openapi-'));
const secretText = 'a text that no answer and no log may repeat';
let kwota: KwotaProcess;
beforeAll(async () => {
  kwota = await startKwota(dataDir, { KWOTA_REQUESTS_PER_MINUTE: '1000000' });
}, 60_000);
afterAll(async () => {
  await kwota.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('schemathesis over what the OpenAPI document says', () => {
  const checks = ['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance'].join(',');
  const examplesPerOperation = '5';

  const suite = isThere('python3', ['-m', 'pip', '--version'], 'python3 with pip') ? it : it.skip;
  suite('finds no 5xx and no answer that is not described: owners and operators', async () => {
    const modules = await pythonPackages('schemathesis==4.32.5');
    const { clientId, clientSecret, operatorToken } = kwota.first;
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
    const token = ((await (await fetch(new URL('/auth/oauth2/token', kwota.url), { method: 'POST', body: form })).json()) as { access_token: string }).access_token;
    const run = (bearer: string, ...paths: readonly string[]) => {
      const options = ['--phases', 'fuzzing', '-n', examplesPerOperation, '--seed', '1', '--checks', checks, '--continue-on-failure', '--warnings', 'off', '--no-color'];
      const args = ['-m', 'schemathesis.cli', 'run', `${kwota.url}/docs-json`, '-H', `Authorization: Bearer ${bearer}`, ...paths, ...options];
      const environment = { PATH: process.env['PATH'] ?? '', HOME: dataDir, PYTHONPATH: modules };
      return promisify(execFile)('python3', args, { env: environment, cwd: dataDir, maxBuffer: 1 << 26 }).then(
        () => 'no issues',
        ({ stdout, stderr }: { stdout: string; stderr: string }) => `${stdout}${stderr}`.slice(-20_000),
      );
    };
    const [owners, operators] = await Promise.all([run(token, '--include-path-regex', '^/1.0'), run(operatorToken, '--exclude-path-regex', '^/1.0')]);
    expect([owners, operators]).toEqual(['no issues', 'no issues']);
  }, installTimeoutMs);
});

describe('http2sms under any query', () => {
  const statuses = [100, 201, 202, 241, 401, 402, 409, 429];
  const formats = ['text/xml', 'application/xml', 'text/json', 'application/json', 'text/plain', 'text/html', 'image/png', ''];
  const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 400 }), fc.constantFrom('', '0', '1', '-1', '%', '%0d', '\0', 'é', '😀', '\ud800', '+33600000004', '0033600000004,x'));
  /** A name that is known, or none, with a value that fits, or none. */
  const parameters = fc.array(
    fc.tuple(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom('account', 'login', 'from', 'to', 'message', 'deferred', 'class', 'noStop', 'tag', 'smsCoding', 'SMSencoding', 'senderForResponse', 'idempotencyKey') }, fc.string({ maxLength: 10 })),
      anyText,
    ),
    { maxLength: 6 },
  );
  const escaped = (text: string): string => encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
  /** As clients write it: escaped well, or half, or not at all. */
  const written = fc.constantFrom((text: string) => escaped(text), (text: string) => text.replaceAll(/[^\w%+,-]/g, ''), (text: string) => escaped(text).replace('%', '%25'), (text: string) => `${escaped(text)}%E9`);

  it('answers in the body with a status that is published, quickly, and repeats no secret', async () => {
    const { serviceName, password, sender } = kwota.first;
    const good = { account: serviceName, login: 'demo', password, from: sender, to: '+33600000004', message: secretText, noStop: '1' };
    await fc.assert(
      fc.asyncProperty(parameters, written, fc.constantFrom(...formats), fc.boolean(), async (changes, write, contentType, asForm) => {
        const fields = new Map<string, string>(Object.entries({ ...good, contentType }).map(([name, value]) => [name, escaped(value)]));
        for (const [name, value] of changes) fields.set(escaped(name), write(value));
        const query = [...fields].map(([name, value]) => `${name}=${value}`).join('&');
        const response = await (asForm
          ? fetch(new URL('/http2sms', kwota.url), { method: 'POST', body: query, signal: AbortSignal.timeout(30_000) })
          : fetch(`${kwota.url}/http2sms?${query}`, { signal: AbortSignal.timeout(30_000) }));
        const body = await response.text();
        expect(response.status).toBe(200);
        expect(body).not.toContain(password);
        expect(body).not.toContain(secretText);
        if (!/json/.test(response.headers.get('content-type') ?? '')) return expect(body).toMatch(/^(?:OK\n[\d.]+\n\d+|KO\n|<)/);
        expect(statuses).toContain((JSON.parse(body) as { status: number }).status);
      }),
      { seed: 20261126, numRuns: 500, endOnFailure: true },
    );
  }, 180_000);

  it('and nothing of it is in the log', () => {
    // The first start shows its secrets on the screen once, set in by two spaces.
    const logged = kwota.output.filter((line) => !line.startsWith('  ')).join('\n');
    for (const secret of [kwota.first.password, kwota.first.operatorToken, kwota.first.clientSecret, secretText, '33600000004']) expect(logged).not.toContain(secret);
  });
});
