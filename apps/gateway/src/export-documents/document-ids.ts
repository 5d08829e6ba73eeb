import { createHmac, timingSafeEqual } from 'node:crypto';

/** Which messages are in a document. It is made anew each time it is fetched; nothing of it is stored. */
export type DocumentOf = Readonly<{
  account: string;
  /** Left out: the whole account. */
  userId?: string;
  wayType: 'incoming' | 'outgoing';
  /** Nothing can be in it. */
  empty?: boolean;
  tag?: string;
  fromMs?: number;
  toMs?: number;
  createdAtMs: number;
}>;

/** Whoever has the id may fetch the document for so long. */
export const documentLifetimeMs = 24 * 60 * 60 * 1_000;

/** Ids that say what they stand for, signed under a key that all gateways derive from KWOTA_SECRET_KEY: any of them can answer. */
export class DocumentIds {
  constructor(
    private readonly key: Buffer,
    private readonly nowMs: () => number,
  ) {}

  issue(document: Omit<DocumentOf, 'createdAtMs'>): string {
    const body = Buffer.from(JSON.stringify({ ...document, createdAtMs: this.nowMs() })).toString('base64url');
    return `${body}-${this.sign(body)}`;
  }

  /** Undefined for an id that is forged, cut or too old. */
  read(id: string): DocumentOf | undefined {
    const end = id.length - signatureLength;
    const [body, signature] = [id.slice(0, end - 1), id.slice(end)];
    const right = Buffer.from(this.sign(body));
    const given = Buffer.from(signature);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const document = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as DocumentOf;
    return document.createdAtMs + documentLifetimeMs > this.nowMs() ? document : undefined;
  }

  private sign(body: string): string {
    return createHmac('sha256', this.key).update(`document ${body}`).digest('hex').slice(0, signatureLength);
  }
}

/** 128 bits. */
const signatureLength = 32;
