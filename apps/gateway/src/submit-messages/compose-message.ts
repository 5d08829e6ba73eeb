import { maxParts, measureText, type TextCoding } from '@kwota/sms-text';

export type ComposedMessage = Readonly<{ text: string; coding: TextCoding; parts: number }>;

/** How the text is sent. Its STOP clause, where it is commercial, counts here and is added by the carrier; undefined: it needs more than six parts. */
export const composeMessage = (text: string, { noStop, coding }: { noStop: boolean; coding?: TextCoding | undefined }): ComposedMessage | undefined => {
  const options = coding ? { coding, stopClause: !noStop } : { stopClause: !noStop };
  const measured = measureText(text, options);
  if (measured.parts > maxParts) return undefined;
  return { text, coding: measured.coding, parts: measured.parts };
};
