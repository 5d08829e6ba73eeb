/** What the double does with the next append that asks for it, before or after it is in the log. */
export type AppendFault =
  | 'drop the connection before the write'
  | 'drop the connection after the write'
  | 'time out before the write'
  | 'time out after the write'
  | 'no answer, nothing written'
  | 'no answer after the write'
  | 'truncate after the write'
  | 'not ready';

/** Faults and delays of one node, as a test sets them. */
export class Faults {
  private readonly waiting: { fault: AppendFault; stream: string }[] = [];
  /** Before a write is queued, by its stream: the clients' writes come in another order than they were sent. */
  delayBeforeWriteMs: (stream: string) => number = () => 0;
  /** Between the write and its being replicated and indexed: until then nobody sees it, and nobody is answered. */
  delayOfIndexMs: (stream: string) => number = () => 0;
  /** Every read waits as long. */
  delayOfReadMs = 0;
  /** As a server that stands still: takes everything, says nothing. */
  isSilent = false;
  /** As a server whose disk is full: its writer has stopped, and it is not ready for any append. Reads go on. */
  isFull = false;

  /** One append to a stream whose name ends so. */
  next(fault: AppendFault, stream = ''): void {
    this.waiting.push({ fault, stream });
  }

  take(stream: string): AppendFault | undefined {
    const at = this.waiting.findIndex((each) => stream.endsWith(each.stream));
    return at === -1 ? undefined : this.waiting.splice(at, 1)[0]!.fault;
  }

  get areTaken(): boolean {
    return this.waiting.length === 0;
  }
}

export const pause = (ms: number): Promise<void> => (ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve());
