import type { AlertLanguage } from './set-templates/default-texts.js';

/** The configuration's part that handlers need, as a class so that Nest can hand it over. */
export class AlertsSettings {
  constructor(
    readonly mailFrom: string,
    readonly sendDeadlineMs: number,
    readonly language: AlertLanguage = 'en',
    /** Who runs the installation; undefined: nobody is told of its troubles by mail. */
    readonly operatorEmail?: string,
  ) {}
}
