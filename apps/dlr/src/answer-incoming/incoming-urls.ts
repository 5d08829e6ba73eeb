// What is called for a message from a phone (OVH.md 9). Pure.
import type { MessageFromPhone } from '@kwota/contracts/incoming.v1';
import { callbackDate } from '../send-callbacks/callback-request.js';
import { beforeQuery } from '../send-callbacks/endpoint.js';

/** Parameters behind those that the URL has already. */
const withQuery = (url: string, parameters: Readonly<Record<string, string>>): string => `${beforeQuery(url)}${new URLSearchParams(parameters)}`;

const parametersOf = ({ messageId, phone, to, text, receivedAtMs }: MessageFromPhone, timeZone: string): Record<string, string> => ({
  id: messageId === null ? '' : String(messageId),
  date: callbackDate(receivedAtMs, timeZone),
  sender: phone,
  receiver: to,
  message: text,
});

export const stopCallBackUrl = (url: string, message: MessageFromPhone, timeZone: string): string => withQuery(url, parametersOf(message, timeZone));

/** @param tag of the message that it answers. */
export const cgiUrl = (url: string, message: MessageFromPhone, tag: string, timeZone: string): string => withQuery(url, { ...parametersOf(message, timeZone), tag });
