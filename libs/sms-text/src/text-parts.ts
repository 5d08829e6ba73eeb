import { septetsOf, septetsOfUnit, withinGsmAlphabet } from './gsm-alphabet.js';

export type TextCoding = '7bit' | 'unicode';

/** `coding` left out: 7bit where the alphabet has every character. `7bit` on other texts sends `?` for what it lacks. */
export type TextOptions = Readonly<{ coding?: TextCoding; stopClause?: boolean }>;

/** `characters`: septets with escapes, or UTF-16 units, of the text without the STOP clause. */
export type TextMeasure = Readonly<{ coding: TextCoding; characters: number; parts: number; maxCharactersPerPart: number }>;

/** OVHcloud takes no longer message (OVH.md 3.4): 918 characters. The caller refuses; measuring has no limit. */
export const maxParts = 6;

/** What a commercial message must say; its 11 characters leave 149, or 59 in Unicode, to a message of one part (OVH.md 3.4). */
export const stopClause = '\nSTOP 36184';

/** 140 octets are 160 septets or 70 UTF-16 units; the header of a joined part takes 6 octets, and 153 or 67 are left. */
const room: Readonly<Record<TextCoding, { alone: number; joined: number }>> = {
  '7bit': { alone: 160, joined: 153 },
  unicode: { alone: 70, joined: 67 },
};

/** The text as a commercial message sends it. */
export const withStopClause = (text: string): string => text + stopClause;

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** The end of a part that begins at `start`: as many characters as it holds, with no pair and no escape sequence cut. */
const endOfPart = (text: string, start: number, coding: TextCoding): number => {
  if (coding === 'unicode') {
    const end = Math.min(start + room.unicode.joined, text.length);
    const cutsPair = end < text.length && isHighSurrogate(text.charCodeAt(end - 1)) && isLowSurrogate(text.charCodeAt(end));
    return cutsPair ? end - 1 : end;
  }
  let end = start;
  for (let septets = 0; end < text.length; end += 1) {
    septets += septetsOfUnit(text.charCodeAt(end));
    if (septets > room['7bit'].joined) break;
  }
  return end;
};

/** What is really sent: the clause in it, and only characters that the coding has. */
const prepare = (text: string, { coding, stopClause: clause = false }: TextOptions) => {
  const whole = clause ? withStopClause(text) : text;
  const septets = coding === 'unicode' ? -1 : septetsOf(whole);
  if (septets >= 0) return { sent: whole, coding: '7bit', characters: septets } as const;
  if (coding !== '7bit') return { sent: whole, coding: 'unicode', characters: whole.length } as const;
  const sent = withinGsmAlphabet(whole);
  return { sent, coding, characters: septetsOf(sent) } as const;
};

const endsOfParts = (sent: string, coding: TextCoding): readonly number[] => {
  const ends: number[] = [];
  for (let end = 0; end < sent.length; ) {
    end = endOfPart(sent, end, coding);
    ends.push(end);
  }
  return ends;
};

/**
 * Counts as the receiver's operator does (OVH.md 3.4): `parts` is what splitText gives, so that what is charged is what is sent. Where an
 * escape sequence or a surrogate pair would be cut, that is one more than the length divided by 153 or 67. An empty text is one part.
 */
export const measureText = (text: string, options: TextOptions = {}): TextMeasure => {
  const { sent, coding, characters } = prepare(text, options);
  const clauseCharacters = options.stopClause ? stopClause.length : 0;
  const { alone, joined } = room[coding];
  if (characters <= alone) {
    return { coding, characters: characters - clauseCharacters, parts: 1, maxCharactersPerPart: alone - clauseCharacters };
  }
  return { coding, characters: characters - clauseCharacters, parts: endsOfParts(sent, coding).length, maxCharactersPerPart: joined };
};

/** The parts in order, with the STOP clause at the end of the last where asked for; joined they are the whole text. */
export const splitText = (text: string, options: TextOptions = {}): readonly string[] => {
  const { sent, coding, characters } = prepare(text, options);
  if (characters <= room[coding].alone) return [sent];
  let start = 0;
  return endsOfParts(sent, coding).map((end) => {
    const part = sent.slice(start, end);
    start = end;
    return part;
  });
};
