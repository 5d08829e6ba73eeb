/** The configuration's part that handlers need, as a class so that Nest can hand it over. */
export class AlertsSettings {
  constructor(
    readonly mailFrom: string,
    readonly sendDeadlineMs: number,
  ) {}
}
