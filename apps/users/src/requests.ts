type AnyContract = Readonly<{ message: (request: never, metadata: never) => unknown; reply: (reply: never, metadata: never) => unknown }>;

/** What a request's contract carries, for the signatures of its handlers. */
export type RequestOf<Contract extends AnyContract> = Parameters<Contract['message']>[0];
export type ReplyOf<Contract extends AnyContract> = Parameters<Contract['reply']>[0];
