// A copy of a whole data directory at one moment, while it is in use; and the way back.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DurableDatabase, FileSnapshot } from './sqlite.js';

const format = 1;
const manifestName = 'backup.json';
/** Beside the databases: without the key nothing sealed can be opened again. */
const plainFiles = ['secret.key', 'first-start.json'];
const lockFile = 'lock.db';

type BackedUpFile = Readonly<{ path: string; bytes: number; sha256: string }>;
export type BackupManifest = Readonly<{ format: number; createdAt: string; files: readonly BackedUpFile[] }>;

/** Why a backup or a restore cannot be made; the text is for the operator. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
}

/** All of it, relative: `<service>/<name>.db`. */
const databasesIn = (dataDir: string): string[] =>
  readdirSync(dataDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(dataDir, name)).filter((file) => file.endsWith('.db') && file !== lockFile).map((file) => join(name, file)));

/**
 * Copies the data directory of this process, or of none, to a folder that is empty or new. All files are as they were at one moment: they are
 * opened in one stretch, in which nothing of this process can commit, so that the copy is what kill -9 at that moment would have left.
 * @throws BackupRefused
 */
export const backUp = async (dataDir: string, out: string): Promise<BackupManifest> => {
  if (existsSync(out) && readdirSync(out).length > 0) throw new BackupRefused(`${out} is not empty`);
  const databases = databasesIn(dataDir);
  const snapshots = databases.map((path) => ({ path, snapshot: new FileSnapshot(join(dataDir, path)) }));
  const createdAt = new Date().toISOString();
  await mkdir(out, { recursive: true, mode: 0o700 });
  try {
    for (const { path, snapshot } of snapshots) {
      await mkdir(dirname(join(out, path)), { recursive: true, mode: 0o700 });
      await snapshot.copyTo(join(out, path));
      await chmod(join(out, path), 0o600);
    }
  } finally {
    for (const { snapshot } of snapshots) snapshot.close();
  }
  const kept = plainFiles.filter((file) => existsSync(join(dataDir, file)));
  for (const file of kept) {
    await copyFile(join(dataDir, file), join(out, file));
    await chmod(join(out, file), 0o600);
  }
  const files: BackedUpFile[] = [];
  for (const path of [...databases, ...kept]) files.push(await describe(out, path));
  const manifest = { format, createdAt, files };
  // Last, and whole or not at all: a backup without it is none.
  await writeDurably(join(out, manifestName), JSON.stringify(manifest, null, 2));
  return manifest;
};

/** What is changed in a restored file before anybody opens it. */
export type AfterRestore = Readonly<{ path: string; sql: string }>;

/**
 * Makes a data directory from a backup. It must be new or empty; nothing is running on it.
 * @throws BackupRefused where the backup is not whole or the directory not empty.
 */
export const restore = async (from: string, dataDir: string, after: readonly AfterRestore[]): Promise<BackupManifest> => {
  const manifest = manifestIn(from);
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) throw new BackupRefused(`${dataDir} is not empty`);
  for (const { path, bytes, sha256 } of manifest.files) {
    const found = existsSync(join(from, path)) ? await describe(from, path) : undefined;
    if (found?.bytes !== bytes || found.sha256 !== sha256) throw new BackupRefused(`${join(from, path)} is not what was backed up`);
  }
  for (const { path } of manifest.files) {
    await mkdir(dirname(join(dataDir, path)), { recursive: true, mode: 0o700 });
    await copyFile(join(from, path), join(dataDir, path));
    await chmod(join(dataDir, path), 0o600);
  }
  for (const { path, sql } of after) {
    if (!manifest.files.some((file) => file.path === path)) continue;
    const database = new DurableDatabase(join(dataDir, path));
    database.exec(sql);
    database.close();
  }
  return manifest;
};

const manifestIn = (folder: string): BackupManifest => {
  const file = join(folder, manifestName);
  if (!existsSync(file)) throw new BackupRefused(`${folder} is no backup, or one that did not end: ${manifestName} is missing`);
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as BackupManifest;
  if (manifest.format !== format) throw new BackupRefused(`${file} is of format ${manifest.format}, which this version does not know`);
  if (manifest.files.some(({ path }) => path.startsWith('/') || path.split('/').includes('..'))) throw new BackupRefused(`${file} names a file outside`);
  return manifest;
};

const describe = async (folder: string, path: string): Promise<BackedUpFile> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(join(folder, path))) hash.update(chunk as Buffer);
  return { path, bytes: (await stat(join(folder, path))).size, sha256: hash.digest('hex') };
};

const writeDurably = async (path: string, text: string): Promise<void> => {
  const file = await open(`${path}.part`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
};
