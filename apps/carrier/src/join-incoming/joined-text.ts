/** Stands for what never came. */
const gap = '[…]';

/** The parts by their numbers, from 1 to `of`, put together. */
export const joinedText = (texts: ReadonlyMap<number, string>, of: number): Readonly<{ text: string; partsMissing: number }> => {
  let text = '';
  for (let number = 1; number <= of; number += 1) {
    const part = texts.get(number);
    if (part !== undefined) text += part;
    else if (number === 1 || texts.has(number - 1)) text += gap;
  }
  return { text, partsMissing: of - texts.size };
};
