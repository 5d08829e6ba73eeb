import { backUp, BackupRefused, restore, type AfterRestore, type BackupManifest } from '@kwota/service-kit/backup';
import { askControlSocket } from '@kwota/service-kit/control-socket';
import { DataDirectory } from '@kwota/service-kit/data-directory';
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { done, exitCodes, type Report } from '../report.js';

const services = ['messaging', 'gateway', 'users', 'ledger', 'carrier', 'dlr', 'alerts'];
const manifestView = z.object({ format: z.number(), createdAt: z.string(), files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })) });
const refusal = z.object({ message: z.string() });

/** Ids that were given after the backup must not be given again: more than any installation gives between two backups. */
const messageIdsSkipped = 2 ** 32;

/** What must be otherwise in a restored Kwota than it was: nothing goes out before somebody has looked, and no message id comes twice. */
const afterRestore: readonly AfterRestore[] = [
  { path: 'carrier/carrier.db', sql: 'INSERT INTO carrier_switch (one, paused) VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET paused = 1' },
  { path: 'dlr/dlr.db', sql: 'INSERT INTO dlr_switch (one, paused) VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET paused = 1' },
  { path: 'users/users.db', sql: `UPDATE message_ids SET next = next + ${messageIdsSkipped}` },
];

const refused = (message: string): Report => ({ exitCode: exitCodes.refused, json: { outcome: 'refused', message }, text: message });

const sizeText = ({ files }: BackupManifest): string => `${files.length} files, ${files.reduce((sum, { bytes }) => sum + bytes, 0)} bytes`;

/** Of a running standalone by its control socket; of one that does not run from its files. */
export const backUpCommand = async (dataDir: string, given: string): Promise<Report> => {
  const out = resolve(given);
  if (!existsSync(dataDir)) return refused(`${dataDir} is not there`);
  const answer = await askControlSocket(dataDir, 'backup', { out });
  if (answer !== undefined && answer.status !== 200) return refused(refusal.safeParse(answer.body).data?.message ?? 'the backup failed');
  try {
    const manifest = answer === undefined ? await whileNobodyRuns(dataDir, () => backUp(dataDir, out)) : manifestView.parse(answer.body);
    return done({ out, ...manifest }, `backed up as of ${manifest.createdAt}: ${sizeText(manifest)}, in ${out}`);
  } catch (error) {
    if (error instanceof BackupRefused) return refused(error.message);
    throw error;
  }
};

export const restoreCommand = async (dataDir: string, from: string): Promise<Report> => {
  try {
    const manifest = await restore(from, dataDir, afterRestore);
    const text = `restored as of ${manifest.createdAt}: ${sizeText(manifest)}, in ${dataDir}\nMessages and callbacks wait until: kwota carriers resume`;
    return done({ dataDir, createdAt: manifest.createdAt, paused: true }, text);
  } catch (error) {
    if (error instanceof BackupRefused) return refused(error.message);
    throw error;
  }
};

/** Holds the locks of all services' folders meanwhile. */
const whileNobodyRuns = async <Result>(dataDir: string, work: () => Promise<Result>): Promise<Result> => {
  const held: DataDirectory[] = [];
  const isNew = services.filter((service) => !existsSync(resolve(dataDir, service)));
  try {
    for (const service of services) held.push(DataDirectory.open(dataDir, service));
    return await work();
  } catch (error) {
    if ((error as Error).message.startsWith('KWOTA_DATA_DIR')) throw new BackupRefused(`${(error as Error).message}, which cannot be asked for a backup`);
    throw error;
  } finally {
    for (const directory of held) directory.release();
    for (const service of isNew) rmSync(resolve(dataDir, service), { recursive: true, force: true });
  }
};
