import { maxParts, measureText, withStopClause, type TextCoding } from '@kwota/sms-text';

export type ComposedMessage = Readonly<{ text: string; coding: TextCoding; parts: number }>;

/** The text as it is sent, with its STOP clause where it is commercial; undefined when it needs more than six parts. */
export const composeMessage = (text: string, { noStop, coding }: { noStop: boolean; coding?: TextCoding | undefined }): ComposedMessage | undefined => {
  const options = coding ? { coding, stopClause: !noStop } : { stopClause: !noStop };
  const measured = measureText(text, options);
  if (measured.parts > maxParts) return undefined;
  return { text: noStop ? text : withStopClause(text), coding: measured.coding, parts: measured.parts };
};
