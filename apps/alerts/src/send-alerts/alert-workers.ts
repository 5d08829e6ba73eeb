import type { PartHealth } from '@kwota/service-kit/health';
import type { AlertWorker } from './alert.worker.js';

/** One worker a medium, so that a slow mail server holds up no SMS. */
export class AlertWorkers {
  constructor(private readonly workers: readonly AlertWorker[]) {}

  start(): void {
    for (const worker of this.workers) worker.start();
  }

  /** There may be something to send. */
  wake(): void {
    for (const worker of this.workers) worker.wake();
  }

  /** Always ready: what cannot be sent waits, and says so. */
  health(): PartHealth {
    return { ready: true, reasons: [], warnings: this.workers.flatMap(({ warning }) => warning ?? []) };
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }
}
