import { closeSync, openSync, writeSync } from 'node:fs';

/** One submit_sm that the simulator accepted. `part` comes from the user data header of a joined message. */
export type Submission = Readonly<{
  receiver: string;
  sender: string;
  smscId: string;
  textSha256: string;
  /** SMPP 3.4, 5.2.14: 0 to 3. */
  priorityFlag: number;
  userMessageReference?: number;
  part?: Readonly<{ reference: number; number: number; of: number }>;
}>;

/** The last submissions, for tests to ask how often a message came, and each of them as a JSON line in a file where one is named. */
export class SubmissionLog {
  total = 0;
  private kept: Submission[] = [];
  private unwritten = '';
  private readonly file: number | undefined;

  constructor(
    private readonly keptMax: number,
    path: string | undefined,
  ) {
    this.file = path === undefined ? undefined : openSync(path, 'a');
  }

  add(submission: Submission): void {
    this.total += 1;
    this.kept.push(submission);
    // Cut by a tenth at a time: shifting a long array for each submission would cost more than answering it.
    if (this.kept.length > this.keptMax * 1.1) this.kept = this.kept.slice(-this.keptMax);
    if (this.file !== undefined) this.unwritten += `${JSON.stringify(submission)}\n`;
  }

  /** Before the answers leave: what a client knows to be taken is in the file, whoever is killed next. */
  write(): void {
    if (this.file === undefined || this.unwritten === '') return;
    writeSync(this.file, this.unwritten);
    this.unwritten = '';
  }

  /** Oldest first. */
  all(): readonly Submission[] {
    return this.kept.slice(-this.keptMax);
  }

  /** How often a submit_sm for this receiver, and with this user_message_reference where given, was accepted. */
  count(receiver: string, userMessageReference?: number): number {
    const isAsked = (submission: Submission): boolean =>
      submission.receiver === receiver && (userMessageReference === undefined || submission.userMessageReference === userMessageReference);
    return this.all().filter(isAsked).length;
  }

  close(): void {
    this.write();
    if (this.file !== undefined) closeSync(this.file);
  }
}
