/** STOP alone, in any writing, or with the short code behind it, as the clause asks for (`STOP 36184`); a sentence that begins so is none. */
const stop = /^\W*stop\W*(?:\d{3,8}\W*)?$/i;

export const isStopWord = (text: string): boolean => stop.test(text);
