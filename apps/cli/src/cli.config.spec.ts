import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventsLocationOf, findInstallation, readCliConfig, shownLocation } from './cli.config.js';

const written = { url: 'http://127.0.0.1:8080', operatorToken: 'written-token' };

describe('the installation', () => {
  let dataDir: string;
  beforeEach(() => (dataDir = mkdtempSync(join(tmpdir(), 'kwota-cli-'))));
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const writeFirstStart = (content: string) => writeFileSync(join(dataDir, 'first-start.json'), content);
  const found = (environment: NodeJS.ProcessEnv = {}) => findInstallation(readCliConfig({ KWOTA_DATA_DIR: dataDir, ...environment }));

  it('is the one that the environment names', () => {
    writeFirstStart(JSON.stringify(written));
    expect(found({ KWOTA_URL: 'https://sms.example.org', KWOTA_OPERATOR_TOKEN: 'given' })).toMatchObject({ url: 'https://sms.example.org', operatorToken: 'given' });
  });

  it('is else the one that the first start wrote down', () => {
    writeFirstStart(JSON.stringify(written));
    expect(found()).toMatchObject({ found: true, ...written });
  });

  it('never gets the written token where KWOTA_URL names another', () => {
    writeFirstStart(JSON.stringify(written));
    expect(found({ KWOTA_URL: 'https://sms.example.org' })).toMatchObject({ found: false });
  });

  it('takes a token of the environment before the written one', () => {
    writeFirstStart(JSON.stringify(written));
    expect(found({ KWOTA_OPERATOR_TOKEN: 'given' })).toMatchObject({ url: written.url, operatorToken: 'given' });
  });

  it('is missed without repeating what stands in a damaged file', () => {
    expect(found()).toMatchObject({ found: false });
    writeFirstStart('{"operatorToken":"written-tok');
    expect(JSON.stringify(found())).not.toContain('written-tok');
    expect(found({ KWOTA_URL: 'nowhere', KWOTA_OPERATOR_TOKEN: 'given' })).toMatchObject({ found: false });
  });
});

describe('the place of events', () => {
  const fileOf = (environment: NodeJS.ProcessEnv) => eventsLocationOf(readCliConfig(environment));

  it("is the ledger's", () => expect(fileOf({ KWOTA_DATA_DIR: 'somewhere' })).toBe(join('somewhere', 'ledger', 'events.db')));
  it.each(['sqlite:copy.db', 'sqlite://copy.db'])('is what %s names', (url) => expect(fileOf({ KWOTA_EVENT_STORE_URL: url })).toBe('copy.db'));
  it('is a database that is named, shown without its password', () => {
    for (const [url, shown] of [
      ['postgres://kwota:hunter2@db/kwota', 'postgres://db/kwota'],
      ['kurrentdb://kwota:hunter2@one:2113,two:2113?tls=true', 'kurrentdb://one:2113,two:2113?tls=true'],
      ['esdb+discover://kwota:hunter2@db', 'esdb+discover://db'],
    ] as const) {
      expect(fileOf({ KWOTA_EVENT_STORE_URL: url })).toBe(url);
      expect(shownLocation(url)).toBe(shown);
    }
  });
  it('is none of another kind of store', () => expect(fileOf({ KWOTA_EVENT_STORE_URL: 'mysql://db' })).toBeUndefined());
});
