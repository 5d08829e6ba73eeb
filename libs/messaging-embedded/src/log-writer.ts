import type { IncomingMessage } from '@kwota/messaging';
import { PublishFailed } from '@kwota/messaging/failures';
import { SyncFailed } from '@kwota/service-kit/group-sync';
import type { EmbeddedLog, Position } from './embedded-log.js';
import type { Precedence } from './precedence.js';

/** All that is written to the log's file, and what is known of whether it can be. */
export class LogWriter {
  private lastFailure: string | undefined;
  /** The disk did not take a commit that is in the file: what this process would go on from may not be there after a power cut. */
  private broken: SyncFailed | undefined;

  constructor(
    private readonly log: EmbeddedLog,
    private readonly isCompacted: (topic: string) => boolean,
    private readonly precedence: Precedence,
  ) {}

  /** Why nothing can be written just now; none when it can. */
  get troubles(): readonly string[] {
    return [this.broken?.message, this.lastFailure].filter((reason) => reason !== undefined);
  }

  /** One commit, durable once `synced()` resolves; until then nobody else may write. @throws PublishFailed when nothing of it is in the file. */
  append(messages: readonly IncomingMessage[], positions: readonly Position[]): void {
    if (this.broken) throw new PublishFailed(this.broken.message, { cause: this.broken });
    try {
      this.log.append(messages, positions, this.isCompacted);
    } catch (error) {
      this.lastFailure = `the log's file cannot be written (${codeOf(error)})`;
      throw new PublishFailed('the log could not be written', { cause: error });
    }
  }

  /** Resolves when what was appended is on the disk. @throws PublishFailed when nobody can tell: it counts as not published. */
  async synced(): Promise<void> {
    try {
      await this.precedence.whileDiskWorks(this.log.synced());
    } catch (error) {
      if (error instanceof SyncFailed) this.broken = error;
      throw new PublishFailed('the log could not be written', { cause: error });
    }
    this.lastFailure = undefined;
  }

  /** A failure costs nothing but repeats after a restart; also where nothing is published, success shows that the file can be written again. */
  note(positions: readonly Position[]): void {
    if (positions.length === 0 && !this.lastFailure) return;
    try {
      this.log.append([], positions, this.isCompacted);
      this.lastFailure = undefined;
    } catch (error) {
      this.lastFailure = `the log's positions cannot be written (${codeOf(error)})`;
    }
  }

  /** Some of what is older. True when there is more of it. */
  eraseSome(beforeMs: number): boolean {
    try {
      return this.log.eraseSome(beforeMs, this.isCompacted);
    } catch (error) {
      this.lastFailure = `the log's old messages cannot be erased (${codeOf(error)})`;
      return false;
    }
  }
}

const codeOf = (error: unknown): string => (error as { errstr?: string }).errstr ?? (error instanceof Error ? error.name : 'unknown');
