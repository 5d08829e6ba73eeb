/** The message itself is at fault and stays so: it goes to the dead letters, and the rest flows on. */
export class PoisonMessage extends Error {
  override readonly name = 'PoisonMessage';
  constructor(
    /** Where it was found out, e.g. `contract`. */
    readonly stage: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** A later version than this program knows, on a topic where nothing may be skipped: the partition stops, loudly, until a newer program reads it. */
export class UnknownVersion extends Error {
  override readonly name = 'UnknownVersion';
}

/** May pass by itself: a store or a peer out of reach. The message comes again, for as long as it takes. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
  constructor(
    readonly stage: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${stage}: ${reason}`, options);
  }
}

/** The log did not take the messages; some of them may be in it all the same. */
export class PublishFailed extends Error {
  override readonly name = 'PublishFailed';
}

/** No reply came before the deadline; the request may have been carried out. */
export class RequestTimedOut extends Error {
  override readonly name = 'RequestTimedOut';
}
