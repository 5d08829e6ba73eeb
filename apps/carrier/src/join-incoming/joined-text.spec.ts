import { joinedText } from './joined-text.js';

it.each([
  ['whole', { 1: 'one ', 2: 'two ', 3: 'three' }, 'one two three', 0],
  ['without its first part', { 2: 'two ', 3: 'three' }, '[…]two three', 1],
  ['without its last part', { 1: 'one ', 2: 'two ' }, 'one two […]', 1],
  ['with one part of three', { 2: 'two ' }, '[…]two […]', 2],
  ['with a long gap, which is one', { 1: 'one ' }, 'one […]', 2],
  ['with a part that is empty', { 1: 'one', 2: '', 3: '!' }, 'one!', 0],
  ['cut within a character', { 1: 'a\ud83d', 2: '\ude00b', 3: '' }, 'a😀b', 0],
])('a message %s', (_, texts, text, partsMissing) => {
  const byNumber = new Map(Object.entries(texts).map(([number, part]) => [Number(number), part]));
  expect(joinedText(byNumber, 3)).toEqual({ text, partsMissing });
});
