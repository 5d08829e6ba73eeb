export type Mail = Readonly<{ messageId: string; from: string; to: string; subject: string; text: string }>;

/** A mail server, or what stands in for one. */
export abstract class Mailer {
  /** Resolves when somebody else is responsible for the mail. @throws MailFailed */
  abstract send(mail: Mail): Promise<void>;

  abstract close(): void;
}

/** The mail did not go out. Its text is a code: no address, no server's sentence, which may quote one. */
export class MailFailed extends Error {
  override readonly name = 'MailFailed';
  constructor(
    readonly reason: string,
    /** False when the recipient's address itself is refused. */
    readonly mayPass: boolean,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}
