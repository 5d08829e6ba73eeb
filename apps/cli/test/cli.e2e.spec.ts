import { parseSignerKey } from '@kwota/audit-log/note-keys';
import { DurableDatabase } from '@kwota/service-kit/sqlite';
import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../bin/kwota.mjs', import.meta.url));

type Run = Readonly<{ exitCode: number | null; out: string; error: string }>;

/** The built command as an operator runs it. */
const kwotaCommand = async (environment: NodeJS.ProcessEnv, commandLine: readonly string[]): Promise<Run> => {
  const child = spawn(process.execPath, [bin, ...commandLine], { env: { PATH: process.env['PATH'], ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [exitCode, out, error] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { exitCode, out, error };
};

describe('kwota', () => {
  let dataDir: string;
  let kwota: KwotaProcess;
  const account = 'sms-kw00009-1';

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'kwota-cli-'));
    await kwotaCommand({}, ['audit', 'keygen', '--name', 'sms.example.org/ledger', '--out', join(dataDir, 'log.key')]);
    kwota = await startKwota(dataDir, { KWOTA_AUDIT_KEY_FILE: join(dataDir, 'log.key'), KWOTA_AUDIT_SEAL_INTERVAL_MS: '200' });
  }, 60_000);
  afterAll(async () => {
    await kwota.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 30_000);

  const run = (...commandLine: string[]) => kwotaCommand({ KWOTA_DATA_DIR: dataDir }, commandLine);
  const asJson = async (...commandLine: string[]): Promise<unknown> => {
    const { exitCode, out, error } = await run(...commandLine, '--json');
    expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' });
    return JSON.parse(out);
  };

  it('opens an account with credit and a user with a quota, all against what the first start wrote down', async () => {
    expect(await asJson('account', 'create', account, '--description', 'Parcels')).toEqual({ serviceName: account });
    expect(await asJson('account', 'list')).toEqual([kwota.first.serviceName, account]);
    expect(await asJson('credits', 'add', account, '100.5', '--reference', 'invoice-1')).toEqual({ creditsLeft: 100.5 });
    expect(await asJson('credits', 'add', account, '100.5', '--reference', 'invoice-1')).toEqual({ creditsLeft: 100.5 });
    expect(await asJson('user', 'create', account, 'anna', '--password', 'Abcd1234')).toEqual({ login: 'anna' });
    expect(await asJson('user', 'set', account, 'anna', '--quota', '40', '--dry-run')).toMatchObject({ login: 'anna', quotaLeft: 40 });
    expect(await asJson('user', 'show', account, 'anna')).toMatchObject({ quotaInformations: { quotaStatus: 'inactive' } });
    await asJson('user', 'set', account, 'anna', '--quota', '40', '--threshold', '5', '--alert-email', 'owner@example.org', '--support', 'mail');
    expect(await asJson('user', 'list', account)).toMatchObject([{ login: 'anna', quotaInformations: { quotaLeft: 40, quotaStatus: 'active' } }]);
    expect(await asJson('credits', 'show', account)).toMatchObject({ creditsLeft: 60.5, creditsHoldByQuota: 40 });
  }, 60_000);

  it('says what was refused', async () => {
    expect(await run('credits', 'add', account, '7', '--reference', 'invoice-1')).toMatchObject({ exitCode: 1, error: 'reference was used for another amount\n' });
    expect(await run('user', 'show', account, 'nobody')).toMatchObject({ exitCode: 1 });
    expect(await run('account', 'show', 'sms-kw00404-1')).toMatchObject({ exitCode: 1, error: 'accounts/sms-kw00404-1: This service does not exist\n' });
  }, 30_000);

  it('replays the events beside the running ledger to what the operator API reports', async () => {
    const replayed = (await asJson('audit', 'replay')) as { accounts: { account: string }[] };
    expect(replayed).toMatchObject({ ok: true, comparison: { outcome: 'equal', accounts: 2 } });
    expect(replayed.accounts.find((balance) => balance.account === account)).toMatchObject({ poolMilliCredits: 60_500, quotasMilliCredits: 40_000, purchasedMilliCredits: 100_500 });
    const until = await asJson('audit', 'replay', '--until', '3');
    expect(until).toMatchObject({ position: 3, comparison: { outcome: 'not-compared' } });
  }, 30_000);

  it('verifies beside the running ledger, down to what it signed', async () => {
    const key = { KWOTA_DATA_DIR: dataDir, KWOTA_AUDIT_KEY_FILE: join(dataDir, 'log.key') };
    let verified = JSON.parse((await kwotaCommand(key, ['audit', 'verify', '--json'])).out) as { events: number; checkpoints: { size: number }[] };
    // It signs five times a second here.
    for (let look = 0; look < 50 && verified.checkpoints.at(-1)?.size !== verified.events; look += 1)
      verified = JSON.parse((await kwotaCommand(key, ['audit', 'verify', '--json'])).out) as typeof verified;
    expect(verified).toMatchObject({ ok: true, comparison: { outcome: 'equal' } });
    expect(verified.checkpoints.at(-1)).toMatchObject({ origin: 'sms.example.org/ledger', size: verified.events, matches: true, signature: 'signed' });
  }, 60_000);

  it('an auditor with an export, a checkpoint and a key proves one event, far from Kwota', async () => {
    const far = { KWOTA_DATA_DIR: join(dataDir, 'elsewhere') };
    const [exported, checkpoint, proof] = ['export.jsonl', 'checkpoint.txt', 'proof.json'].map((name) => join(dataDir, name)) as [string, string, string];
    await asJson('audit', 'export', '--out', exported);
    await asJson('audit', 'checkpoint', '--out', checkpoint);
    const keyOf = await kwotaCommand({ KWOTA_DATA_DIR: dataDir, KWOTA_AUDIT_KEY_FILE: join(dataDir, 'log.key') }, ['audit', 'verify', '--export', exported, '--checkpoint', checkpoint]);
    expect(keyOf).toMatchObject({ exitCode: 0, out: expect.stringContaining('signed by sms.example.org/ledger') });
    expect(await kwotaCommand(far, ['audit', 'prove', '--account', account, '--revision', '1', '--export', exported, '--checkpoint', checkpoint, '--out', proof])).toMatchObject({ exitCode: 0 });
    expect((await kwotaCommand(far, ['audit', 'check-proof', proof])).exitCode).toBe(2);
    const { verifier } = parseSignerKey(readFileSync(join(dataDir, 'log.key'), 'utf8'));
    expect(await kwotaCommand(far, ['audit', 'check-proof', proof, '--key', verifier.text])).toMatchObject({ exitCode: 0, out: expect.stringContaining('CreditsPurchased') });
  }, 30_000);

  it('gives an owner keys whose rights end where they are told to, and shows who did what', async () => {
    expect(await asJson('owner', 'create', 'kw9-kwota', '--email', 'owner@example.org', '--account', account)).toEqual({ ownerId: 'kw9-kwota' });
    const keys = (await asJson('application', 'create', 'kw9-kwota', '--name', 'Parcels', '--right', 'GET /sms/*')) as { applicationKey: string; consumerKey: string };
    expect(await asJson('application', 'list', 'kw9-kwota')).toMatchObject([{ applicationKey: keys.applicationKey, credentials: [{ status: 'validated', rules: [{ method: 'GET', path: '/sms/*' }] }] }]);
    expect(await asJson('application', 'rotate', 'kw9-kwota', keys.applicationKey, '--overlap', '1')).toMatchObject({ applicationKey: keys.applicationKey, applicationSecret: expect.any(String) });
    expect(await asJson('client', 'create', 'kw9-kwota')).toMatchObject({ clientSecret: expect.any(String) });
    const { operatorToken } = (await asJson('operator', 'add', 'anna', '--role', 'auditor')) as { operatorToken: string };
    const auditor = await kwotaCommand({ KWOTA_URL: kwota.url, KWOTA_OPERATOR_TOKEN: operatorToken }, ['account', 'create']);
    expect(auditor).toMatchObject({ exitCode: 1, error: 'An auditor may read, and change nothing\n' });
    const changes = (await asJson('changes')) as { by: string; action: string }[];
    expect(changes.map(({ by, action }) => `${by} ${action}`)).toContain('operator:first POST /operator/owners/{ownerId}/applications');
    expect((await run('changes', '--account', account)).out).toMatch(/^at +by +account +action/);
  }, 60_000);

  it('changes an account, and what is left out stays', async () => {
    expect(await asJson('account', 'set', account, '--description', 'Parcels', '--callback', 'https://example.org/dlr', '--recredit-at', '7.5')).toEqual({ serviceName: account });
    await asJson('account', 'set', account, '--callback', 'none');
    const { out } = await run('account', 'show', account);
    expect(['description', 'top up at', 'callback'].map((fact) => out.split('\n').find((line) => line.startsWith(fact))?.split(/ {2,}/)[1])).toEqual(['Parcels', '7.5', 'none']);
    await asJson('account', 'set', account, '--recredit-at', 'off');
    expect(await run('account', 'set', account)).toMatchObject({ exitCode: 2 });
  }, 60_000);

  it('declares a sender, refuses it again, and tells usage', async () => {
    await asJson('sender', 'declare', account, 'Shop');
    await asJson('sender', 'set', account, 'Shop', '--status', 'refused', '--comment', 'Not yours');
    expect(await asJson('sender', 'show', account, 'Shop')).toMatchObject({ status: 'refused', comment: 'Not yours' });
    await asJson('sender', 'set', account, 'Shop', '--status', 'enable');
    await asJson('user', 'set', account, 'anna', '--per-minute', '60');
    expect((await run('user', 'show', account, 'anna')).out).toContain('messages a minute  60');
    expect(await asJson('usage', account)).toEqual([]);
    expect((await run('usage', account, '--csv')).out).toBe('login;userId;messages;parts;delivered;failed;notBilled;underWay;credits\n');
  }, 60_000);

  it("sets the alert on an account's pool, and tests who would be told", async () => {
    await asJson('alerts', 'set', account, '--threshold', '2', '--alert-email', 'pool@example.org', '--support', 'mail');
    expect(await asJson('alerts', 'show', account)).toEqual({ alertEmail: 'pool@example.org', alertNumber: '', alertThreshold: 2, support: 'mail' });
    expect(await asJson('alerts', 'test', account)).toEqual({ media: [{ medium: 'mail', outcome: 'sent', reason: '' }] });
    const mails = readdirSync(join(dataDir, 'mails')).map((name) => readFileSync(join(dataDir, 'mails', name), 'utf8'));
    expect(mails.filter((mail) => mail.includes('To: pool@example.org') && mail.includes('Subject: [TEST] '))).toHaveLength(1);
    expect(await run('alerts', 'test', account, 'nobody')).toMatchObject({ exitCode: 1 });
  }, 30_000);

  it('moves an account in by one command: here from this Kwota itself, which speaks as OVH does', async () => {
    await asJson('user', 'set', account, 'anna', '--callback', 'https://example.org/dlr', '--ip', '8.8.8.8');
    const keys = (await asJson('application', 'create', 'kw9-kwota', '--right', 'GET /sms/*')) as { applicationKey: string; applicationSecret: string; consumerKey: string };
    const environment = {
      KWOTA_DATA_DIR: dataDir,
      OVH_ENDPOINT: `${kwota.url}/1.0`,
      OVH_APPLICATION_KEY: keys.applicationKey,
      OVH_APPLICATION_SECRET: keys.applicationSecret,
      OVH_CONSUMER_KEY: keys.consumerKey,
    };
    const moved = 'sms-kw00010-1';
    const command = ['import', 'ovh', account, '--to', moved, '--with-credits', '--json'];
    const first = await kwotaCommand(environment, command);
    expect({ ...first, out: JSON.parse(first.out) }).toEqual({
      exitCode: 0,
      error: '',
      out: { account: moved, users: ['anna'], passwords: { anna: expect.stringMatching(/^\w{8}$/) }, senders: ['Shop'], creditsAdded: 100.5, notTaken: [] },
    });
    const theirs = await asJson('user', 'show', account, 'anna');
    expect(await asJson('user', 'show', moved, 'anna')).toEqual({ ...(theirs as object), messagesPerMinute: null });
    const again = await kwotaCommand(environment, command);
    expect(JSON.parse(again.out)).toMatchObject({ users: ['anna'], passwords: {}, creditsAdded: 0, notTaken: [] });
    expect(await kwotaCommand({ ...environment, OVH_CONSUMER_KEY: 'nobody-s-key' }, command)).toMatchObject({ exitCode: 1, out: expect.stringContaining('This credential does not exist') });
    expect(await kwotaCommand({ KWOTA_DATA_DIR: dataDir }, command)).toMatchObject({ exitCode: 2, out: expect.stringContaining('OVH_APPLICATION_KEY') });
  }, 60_000);

  it('deletes a user, whose quota returns', async () => {
    await asJson('user', 'delete', account, 'anna');
    expect(await asJson('credits', 'show', account)).toMatchObject({ creditsLeft: 100.5, creditsHoldByQuota: 0 });
  }, 30_000);

  it('finds nobody where nobody is, and then still replays', async () => {
    const first = JSON.parse(readFileSync(join(dataDir, 'first-start.json'), 'utf8')) as { url: string };
    await kwota.stop();
    expect((await run('account', 'list')).exitCode).toBe(3);
    expect(await asJson('audit', 'replay')).toMatchObject({ ok: true, comparison: { outcome: 'not-compared' } });
    expect((await kwotaCommand({ KWOTA_DATA_DIR: dataDir, KWOTA_URL: first.url, KWOTA_OPERATOR_TOKEN: 'x' }, ['audit', 'replay'])).exitCode).toBe(3);
  }, 30_000);

  it('tells the first event that somebody changed in the file', async () => {
    const file = join(dataDir, 'changed.db');
    for (const end of ['', '-wal']) copyFileSync(join(dataDir, 'ledger', `events.db${end}`), `${file}${end}`);
    const database = new DurableDatabase(file);
    const { position, events } = database.prepare("SELECT position, events FROM commits WHERE instr(events, '100500') > 0").get() as { position: number; events: Uint8Array };
    const changed = Buffer.from(Buffer.from(events).toString('latin1').replace('100500', '900500'), 'latin1');
    database.prepare('UPDATE commits SET events = ? WHERE position = ?').run(changed, position);
    database.close();
    const { exitCode, out } = await kwotaCommand({ KWOTA_DATA_DIR: dataDir, KWOTA_EVENT_STORE_URL: `sqlite:${file}` }, ['audit', 'replay', '--json']);
    expect({ exitCode, found: JSON.parse(out) }).toMatchObject({ exitCode: 1, found: { ok: false, fault: { stream: `credit-${account}`, reason: 'hash-mismatch' } } });
  }, 30_000);

  it('ends with 1 on a file of events that is none', async () => {
    const file = join(dataDir, 'damaged.db');
    writeFileSync(file, 'this is no database, and no event store either'.repeat(100));
    expect((await kwotaCommand({ KWOTA_DATA_DIR: dataDir, KWOTA_EVENT_STORE_URL: `sqlite:${file}` }, ['audit', 'replay'])).exitCode).toBe(1);
  }, 30_000);
});
