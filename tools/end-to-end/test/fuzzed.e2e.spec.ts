import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installTimeoutMs, isThere, pythonPackages } from './other-peoples-programs.js';

const seed = Number(process.env['KWOTA_FUZZ_SEED'] ?? 20_261_126);
const folder = mkdtempSync(join(tmpdir(), 'kwota-fuzzed-'));
const hasPython = isThere('python3', ['-m', 'pip', '--version'], 'python3 with pip');
let kwota: KwotaProcess;
beforeAll(async () => {
  kwota = await startKwota(join(folder, 'data'));
  process.stdout.write(`KWOTA_FUZZ_SEED=${seed}\n`);
}, 30_000);
// Looks through all that it wrote, too.
afterAll(async () => {
  await kwota.stop();
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

const bearer = async (): Promise<string> => {
  const { clientId, clientSecret } = kwota.first;
  const answer = await fetch(`${kwota.url}/auth/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials&scope=all',
  });
  return ((await answer.json()) as { access_token: string }).access_token;
};

/** Against the OpenAPI document that the gateway serves; what it found is the error's text. */
const schemathesisFinds = async (token: string, ...choice: string[]): Promise<string> => {
  const settings = join(folder, 'schemathesis.toml');
  writeFileSync(settings, `[parameters]\n"path.serviceName" = "${kwota.first.serviceName}"\n"path.login" = "demo"\n`);
  // The user stays, so that what comes later finds it.
  const run = ['--config-file', settings, 'run', `${kwota.url}/docs-json`, '-H', `Authorization: Bearer ${token}`, ...choice];
  const rules = ['-c', 'not_a_server_error', '--max-response-time', '5', '--phases', 'examples,coverage,fuzzing', '-n', '20', '--seed', String(seed), '--exclude-name-regex', '^DELETE .*/users/{login}$', '--continue-on-failure', '--no-color'];
  const modules = await pythonPackages('schemathesis==4.32.5');
  const options = { maxBuffer: 20_000_000, env: { PATH: process.env['PATH'] ?? '', HOME: folder, PYTHONPATH: modules } };
  return promisify(execFile)('python3', ['-m', 'schemathesis.cli', ...run, ...rules], options).then(
    ({ stdout }) => stdout.split('\n').find((line) => /\d generated, /.test(line)) ?? '',
    (error: { stdout: string }) => error.stdout,
  );
};

describe('http2sms under a fuzzer of its query', () => {
  const names = ['account', 'login', 'password', 'from', 'to', 'message', 'noStop', 'tag', 'class', 'deferred', 'contentType', 'smsCoding', 'SMSencoding', 'senderForResponse', 'idempotencyKey'];
  const right = (name: string): string =>
    ({ account: kwota.first.serviceName, login: 'demo', password: kwota.first.password, from: 'KWOTA', to: '+33600000004', message: 'fuzz' })[name] ?? '1';
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constantFrom('', '0', '-1', '1e9', '%', '%zz', '%00', '%E9', '+', ',', 'text/xml', 'text/json', 'text/html', '235959311229999'));
  /** Raw pieces of a query: most right, so that it goes deep, and some of anything, escaped or not. */
  const piece = fc.record({ name: fc.oneof(fc.constantFrom(...names), fc.string()), isRight: fc.boolean(), value, isEscaped: fc.boolean(), isLeftOut: fc.boolean() });
  const published = new Set([100, 201, 202, 241, 401, 402, 409, 429]);

  it('answers every query with a published status, in the shape that was asked for, and never a 5xx', async () => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.array(fc.constantFrom(...names), { maxLength: 2 }), async (pieces, leftOut) => {
        const base = names.slice(0, 6).filter((name) => !leftOut.includes(name)).map((name) => `${name}=${encodeURIComponent(right(name))}`);
        const extra = pieces.map(({ name, isRight, value: given, isEscaped }) => `${encodeURIComponent(name)}=${isRight ? encodeURIComponent(right(name)) : isEscaped ? encodeURIComponent(Buffer.from(given).toString()) : raw(given)}`);
        const answer = await fetch(`${kwota.url}/http2sms?&${[...base, ...extra, 'contentType=text/json'].join('&')}`, { signal: AbortSignal.timeout(5_000) });
        const text = await answer.text();
        expect([200, 400]).toContain(answer.status);
        if (answer.status === 400) return;
        const status = /"status":(\d+)|<status>(\d+)/.exec(text)?.slice(1).find(Boolean);
        const isOther = /^(?:OK|KO)\n|<BODY>\n(?:OK|KO)<br>/.test(text);
        if (status === undefined) expect(isOther).toBe(true);
        else expect(published).toContain(Number(status));
        statuses.set(Number(status ?? 0), (statuses.get(Number(status ?? 0)) ?? 0) + 1);
      }),
      { seed, numRuns: 1_500 },
    );
    // It went deep: some were sent, and the first refusals were not all.
    expect(statuses.get(100)).toBeGreaterThan(20);
    expect(statuses.get(202)).toBeGreaterThan(20);
  }, 120_000);
});

describe.each([
  ['the REST API', bearer, ['--include-path-regex', '^/(1\\.0|auth)']],
  ['the operator API', async () => kwota.first.operatorToken, ['--include-path-regex', '^/operator']],
] as const)('%s under schemathesis', (_, tokenOf, choice) => {
  (hasPython ? it : it.skip)(
    'answers whatever its OpenAPI document allows, and what it does not, without a 5xx and within five seconds',
    async () => {
      expect(await schemathesisFinds(await tokenOf(), ...choice)).toMatch(/^ *\d+ generated, \d+ passed/);
    },
    installTimeoutMs,
  );
});

/** What fetch sends as it is: anything but what ends the query or the line. */
const raw = (given: string): string => given.replaceAll(/[^\x21-\x7e]|[#"<>\\^`{|}]/g, '').replaceAll('&', '');
