import type { PduFields, Session } from 'smpp';
import { deliverSmOf, type Receipt } from './receipt.js';

/** A message from a phone: its sender may answer what it got. */
export type PhoneMessage = Readonly<{ phone: PduFields }>;
type Queued = Receipt | PhoneMessage;

/** Unanswered receipts a session may have: a slow client gets no more until it answers. */
const windowReceipts = 1_000;
const retryDelayMs = 1_000;

/** The receipts of one system_id: kept until a session of it takes and answers them, and kept again when that session ends before. */
export class ReceiptQueue {
  private readonly sessions = new Map<Session, Set<Queued>>();
  private due: Queued[] = [];
  private next = 0;
  private isFlushScheduled = false;

  constructor(private readonly beforeWrite: (session: Session) => void) {}

  get length(): number {
    let unanswered = 0;
    for (const receipts of this.sessions.values()) unanswered += receipts.size;
    return this.due.length - this.next + unanswered;
  }

  add(receipt: Queued): void {
    this.due.push(receipt);
    this.flushSoon();
  }

  attach(session: Session): void {
    this.sessions.set(session, new Set());
    this.flushSoon();
  }

  detach(session: Session): void {
    const unanswered = this.sessions.get(session);
    if (!unanswered) return;
    this.sessions.delete(session);
    this.due = [...unanswered, ...this.due.slice(this.next)];
    this.next = 0;
    this.flushSoon();
  }

  private flushSoon(): void {
    if (this.isFlushScheduled) return;
    this.isFlushScheduled = true;
    setImmediate(() => {
      this.isFlushScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    for (const [session, unanswered] of this.sessions) {
      while (unanswered.size < windowReceipts && this.next < this.due.length) {
        const receipt = this.due[this.next];
        if (!receipt || !this.deliver(session, unanswered, receipt)) break;
        this.next += 1;
      }
    }
    if (this.next < this.due.length) return;
    this.due = [];
    this.next = 0;
  }

  private deliver(session: Session, unanswered: Set<Queued>, receipt: Queued): boolean {
    this.beforeWrite(session);
    const fields = 'phone' in receipt ? receipt.phone : deliverSmOf(receipt, Date.now());
    const isSent = session.deliver_sm(fields, (response) => {
      if (!unanswered.delete(receipt)) return;
      if (response.command_status === 0) this.flushSoon();
      else setTimeout(() => this.add(receipt), retryDelayMs).unref();
    });
    if (isSent) unanswered.add(receipt);
    return isSent;
  }
}
