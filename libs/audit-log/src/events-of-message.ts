import type { StoredEvent } from '@kwota/event-store';
import { decodeEvent, NotAnEvent, type EventEnvelope } from './event-envelope.js';

/** The event where it is about this message: its hold, its end, its refusal or its withdrawal. Looks into the bytes before it reads them. */
export const aboutMessage = ({ data }: StoredEvent, messageId: number): EventEnvelope | undefined => {
  if (!Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes(String(messageId))) return undefined;
  const envelope = envelopeOf(data);
  const about = envelope?.data as { messageId?: unknown; messageIds?: unknown } | undefined;
  const isAbout = about?.messageId === messageId || (Array.isArray(about?.messageIds) && about.messageIds.includes(messageId));
  return isAbout ? envelope : undefined;
};

const envelopeOf = (data: Uint8Array): EventEnvelope | undefined => {
  try {
    return decodeEvent(data);
  } catch (error) {
    if (error instanceof NotAnEvent) return undefined;
    throw error;
  }
};
