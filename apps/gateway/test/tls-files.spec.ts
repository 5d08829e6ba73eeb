import { createLogger } from '@kwota/service-kit/logger';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { followTlsFiles } from '../src/edge/tls-files.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pemsOf = (name: string) => generate([{ name: 'commonName', value: name }], { keySize: 2_048 });

it('a certificate that changes on disk is used for new connections; one that cannot be used leaves the one before', async () => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const write = (file: string, pem: string): void => {
    writeFileSync(`${file}.new`, pem);
    renameSync(`${file}.new`, file);
  };
  const [first, second] = [await pemsOf('first.example.org'), await pemsOf('second.example.org')];
  write(cert, first.cert);
  write(key, first.private);
  const server = createServer({ cert: first.cert, key: first.private }, (_, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const unfollow = followTlsFiles(server, { cert, key }, createLogger('gateway', 'error'));
  const nameOf = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const asked = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }, (response) => {
        resolve((response.socket as TLSSocket).getPeerCertificate().subject.CN);
        response.resume();
      });
      asked.on('error', reject);
      asked.end();
    });
  try {
    expect(await nameOf()).toBe('first.example.org');
    // The new certificate with the old key, for as long as it takes to write the second file.
    write(cert, second.cert);
    expect(await nameOf()).toBe('first.example.org');
    write(key, second.private);
    while ((await nameOf()) !== 'second.example.org') await new Promise((resolve) => setTimeout(resolve, 100));
  } finally {
    unfollow();
    await new Promise((resolve) => server.close(resolve));
  }
}, 60_000);
