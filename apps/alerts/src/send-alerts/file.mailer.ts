import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { composeMail, digestOf } from './compose-mail.js';
import { MailFailed, Mailer, type Mail } from './mailer.js';

/** Writes each mail as an .eml file, whole or not at all; a repeated mail is the same file. */
export class FileMailer extends Mailer {
  private readonly transport = createTransport({ streamTransport: true, buffer: true });

  constructor(private readonly folder: string) {
    super();
  }

  override async send(mail: Mail): Promise<void> {
    try {
      const { message } = await this.transport.sendMail(composeMail(mail));
      await this.write(join(this.folder, `${digestOf(mail.messageId)}.eml`), message as Buffer);
    } catch (error) {
      throw new MailFailed((error as NodeJS.ErrnoException).code ?? 'EFILE', true, { cause: error });
    }
  }

  override close(): void {
    this.transport.close();
  }

  private async write(path: string, content: Buffer): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const file = await open(`${path}.part`, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.part`, path);
  }
}
