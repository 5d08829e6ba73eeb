import { InvalidArgumentError } from 'commander';
import { addresses, credits, creditsOrOff, levelOrOff, positiveCredits, signedCredits, untilOf } from './arguments.js';

describe('arguments', () => {
  it.each([['0', 0], ['150', 150], ['0.001', 0.001], ['999999999.999', 999_999_999.999]])('credits %s are an amount', (given, amount) => expect(credits(given)).toBe(amount));

  it.each(['1.2345', '-1', '1e3', '', '1,5', 'x'])('credits %j are none', (given) => expect(() => credits(given)).toThrow(InvalidArgumentError));

  it('nothing is not put into a pool', () => expect(() => positiveCredits('0')).toThrow(InvalidArgumentError));

  it('a quota is switched off by a word', () => expect([creditsOrOff('off'), creditsOrOff('0')]).toEqual(['off', 0]));

  it('a threshold is whole credits, or off', () => {
    expect([levelOrOff('off'), levelOrOff('20')]).toEqual(['off', 20]);
    expect(() => levelOrOff('0')).toThrow(InvalidArgumentError);
    expect(() => levelOrOff('1.5')).toThrow(InvalidArgumentError);
  });

  it('addresses are split by commas, none empties the list', () => expect([addresses('203.0.113.7, 2001:db8::1'), addresses('none')]).toEqual([['203.0.113.7', '2001:db8::1'], []]));

  it('until is a position, or an instant with its zone', () => {
    expect(untilOf('1234')).toEqual({ position: 1_234 });
    expect(untilOf('2030-01-01T12:00:00Z')).toEqual({ timeMs: Date.UTC(2030, 0, 1, 12) });
    expect(untilOf('2030-01-01T12:00+02:00')).toEqual({ timeMs: Date.UTC(2030, 0, 1, 10) });
  });

  it.each(['2030-01-01T12:00:00', '2030-01-01', '2030-13-01T12:00:00Z', 'yesterday', '-1'])('until %j is refused', (given) => expect(() => untilOf(given)).toThrow(InvalidArgumentError));
});

it.each([
  ['5', 5],
  ['-0.5', -0.5],
])('a correction of %s', (given, amount) => expect(signedCredits(given)).toBe(amount));
it('a correction of nothing is refused', () => expect(() => signedCredits('-0')).toThrow('more than 0'));
