import { exactCredits, facts, table } from './report.js';

describe('what a reader sees', () => {
  it('a table aligns texts to the left and numbers to the right', () =>
    expect(table(['login', 'left'], [['anna', '7'], ['bo', '150.5']])).toBe(['login   left', 'anna       7', 'bo     150.5'].join('\n')));

  it('a table without rows is its heading', () => expect(table(['login', 'left'], [])).toBe('login  left'));

  it('facts stand one a line', () => expect(facts([['account', 'a'], ['left', '3']])).toBe('account  a\nleft     3'));

  it.each([[0, '0.000'], [1, '0.001'], [1_234_567, '1234.567'], [-50, '-0.050'], [-1_050, '-1.050']])('%d milli-credits are %s, exactly', (milliCredits, shown) =>
    expect(exactCredits(milliCredits)).toBe(shown));
});
