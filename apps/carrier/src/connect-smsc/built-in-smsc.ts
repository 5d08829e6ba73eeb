import { startSmscSimulator } from '@kwota/smsc-simulator';
import type { PartHealth } from '@kwota/service-kit/health';
import type { Logger } from '@kwota/service-kit/logger';

export type Smsc = Readonly<{ url: string; isSimulator: boolean; close(): Promise<void> }>;

/** What /health/ready says of it. */
export const noSmsLeaves: PartHealth = { ready: true, reasons: [], warnings: ['no SMS leaves: the SMSC is a simulator'] };

/** KWOTA_SMSC_URL as it is, or with `simulator:` one of our own over real SMPP, in the process that speaks to it. */
export const startBuiltInSmsc = async (configured: string, logger: Logger): Promise<Smsc> => {
  if (configured !== 'simulator:') return { url: configured, isSimulator: false, close: async () => undefined };
  const simulator = await startSmscSimulator({ submissionsKeptMax: 1_000 });
  logger.warn('the SMSC is a simulator: no SMS leaves (KWOTA_SMSC_URL)');
  return { url: simulator.url, isSimulator: true, close: () => simulator.close() };
};
