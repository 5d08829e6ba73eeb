// The door of a running process for who may read its files: a socket in its data directory, HTTP with JSON.
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { createServer, request, type IncomingMessage } from 'node:http';
import { join, resolve } from 'node:path';
import { BackupRefused } from './backup.js';

/** A socket's path has at most 107 bytes on Linux. */
const pathBytesMax = 107;
const bodyBytesMax = 64 * 1024;
const socketName = 'control.sock';

export type ControlCommand = (body: unknown) => Promise<object>;
export type ControlAnswer = Readonly<{ status: number; body: unknown }>;

/** Relative where that is shorter: a folder may lie deep. */
const socketPath = (dataDir: string): string => {
  const relative = join(dataDir, socketName);
  const absolute = resolve(relative);
  return Buffer.byteLength(absolute) <= pathBytesMax ? absolute : relative;
};

/** Listens for commands by name. Undefined: the path is too long for a socket. */
export const openControlSocket = async (dataDir: string, commands: Readonly<Record<string, ControlCommand>>): Promise<{ close(): Promise<void> } | undefined> => {
  const path = socketPath(dataDir);
  if (Buffer.byteLength(path) > pathBytesMax) return undefined;
  // What a killed process left; the data directory's lock says that no other is there.
  rmSync(path, { force: true });
  const server = createServer((incoming, response) => {
    void answer(incoming, commands).then(({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)));
  });
  await new Promise<void>((listening, failed) => server.once('error', failed).listen(path, listening));
  chmodSync(path, 0o600);
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};

const answer = async (incoming: IncomingMessage, commands: Readonly<Record<string, ControlCommand>>): Promise<ControlAnswer> => {
  const name = (incoming.url ?? '/').slice(1);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command || incoming.method !== 'POST') return { status: 404, body: { message: 'this version does not know the command' } };
  try {
    return { status: 200, body: await command(JSON.parse(await textOf(incoming))) };
  } catch (error) {
    if (error instanceof BackupRefused) return { status: 409, body: { message: error.message } };
    return { status: 500, body: { message: `it failed (${(error as NodeJS.ErrnoException).code ?? (error as Error).name})` } };
  }
};

const textOf = async (incoming: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of incoming) {
    text += String(chunk);
    if (text.length > bodyBytesMax) throw new Error('too long');
  }
  return text;
};

/** Undefined: nothing runs on the data directory. */
export const askControlSocket = (dataDir: string, command: string, body: object): Promise<ControlAnswer | undefined> => {
  const path = socketPath(dataDir);
  if (!existsSync(path)) return Promise.resolve(undefined);
  return new Promise((resolved, failed) => {
    const asked = request({ socketPath: path, path: `/${command}`, method: 'POST' }, (response) => {
      textOf(response).then((text) => resolved({ status: response.statusCode ?? 500, body: JSON.parse(text) as unknown }), failed);
    });
    asked.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? resolved(undefined) : failed(error)));
    asked.end(JSON.stringify(body));
  });
};
