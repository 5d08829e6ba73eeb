import { startSmscSimulator } from '@kwota/smsc-simulator';
import type { Logger } from '@kwota/service-kit/logger';

export type Smsc = Readonly<{ url: string; isSimulator: boolean; close(): Promise<void> }>;

/** KWOTA_SMSC_URL as it is, or with `simulator:` one of our own over real SMPP. */
export const startBuiltInSmsc = async (configured: string, logger: Logger): Promise<Smsc> => {
  if (configured !== 'simulator:') return { url: configured, isSimulator: false, close: async () => undefined };
  const simulator = await startSmscSimulator({ submissionsKeptMax: 1_000 });
  logger.warn('the SMSC is a simulator: no SMS leaves (KWOTA_SMSC_URL)');
  return { url: simulator.url, isSimulator: true, close: () => simulator.close() };
};
