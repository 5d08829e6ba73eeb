import { createHash } from 'node:crypto';
import type { SendMailOptions } from 'nodemailer/lib/mailer';
import type { Mail } from './mailer.js';

/** Addresses go in as objects, so that one with a comma is not two; RFC 3834 tells answering machines to keep quiet. */
export const composeMail = ({ messageId, from, to, subject, text }: Mail): SendMailOptions => ({
  messageId,
  from: { name: '', address: from },
  to: { name: '', address: to },
  subject,
  text,
  headers: { 'Auto-Submitted': 'auto-generated' },
  disableFileAccess: true,
  disableUrlAccess: true,
});

/** The same for each attempt, so that a mail repeated after a crash is recognised as one (RFC 5322 3.6.4). */
export const messageIdOf = (crossingId: string): string => `<${digestOf(crossingId)}@alerts.kwota>`;

export const digestOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32);
