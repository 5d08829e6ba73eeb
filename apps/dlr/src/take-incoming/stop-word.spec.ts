import { isStopWord } from './stop-word.js';

it.each(['STOP', 'stop', ' Stop. ', 'STOP 36184', 'stop36184', '"STOP"'])('%j stops', (text) => expect(isStopWord(text)).toBe(true));
it.each(['stop by at six', 'please stop', 'STOPS', 'stopp', '', 'no'])('%j does not', (text) => expect(isStopWord(text)).toBe(false));
