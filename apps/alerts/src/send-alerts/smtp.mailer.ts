import { createTransport } from 'nodemailer';
import { composeMail } from './compose-mail.js';
import { MailFailed, Mailer, type Mail } from './mailer.js';

const connectMs = 10_000;
const silenceMs = 20_000;

/** Hands mails to an SMTP server, each on a connection of its own: alerts are few, and a pool would retry behind our back. */
export class SmtpMailer extends Mailer {
  private readonly transport;

  constructor(smtpUrl: string) {
    super();
    this.transport = createTransport({
      url: smtpUrl,
      connectionTimeout: connectMs,
      greetingTimeout: connectMs,
      socketTimeout: silenceMs,
    });
  }

  override async send(mail: Mail): Promise<void> {
    await this.transport.sendMail(composeMail(mail)).catch((error: SmtpError) => {
      throw failureOf(error);
    });
  }

  override close(): void {
    this.transport.close();
  }
}

type SmtpError = Error & { code?: string; responseCode?: number };

/** A refused recipient stays refused (5xx to RCPT TO, RFC 5321 4.2.1); a server that is away or badly configured may come back. */
const failureOf = (error: SmtpError): MailFailed => {
  const { code = error.name, responseCode } = error;
  const isRefused = code === 'EENVELOPE' && (responseCode === undefined || responseCode >= 500);
  return new MailFailed(responseCode === undefined ? code : `${code} ${responseCode}`, !isRefused, { cause: error });
};
