import { Sealing } from './sealing.js';

const sealing = new Sealing('0123456789abcdef0123456789abcdef');

describe('a sealed text', () => {
  it('opens in its place and is another each time', () => {
    const sealed = sealing.seal('correct horse', 'account|anna');
    expect(sealing.open(sealed, 'account|anna')).toBe('correct horse');
    expect(sealing.seal('correct horse', 'account|anna')).not.toBe(sealed);
    expect(sealed).not.toContain('horse');
  });

  it.each([
    ['moved to another place', (sealed: string) => sealing.open(sealed, 'account|bert')],
    ['opened under another key', (sealed: string) => new Sealing('another key of at least 32 characters').open(sealed, 'account|anna')],
    ['changed by one character', (sealed: string) => sealing.open(sealed.slice(0, 10) + (sealed[10] === 'A' ? 'B' : 'A') + sealed.slice(11), 'account|anna')],
    ['cut short', (sealed: string) => sealing.open(sealed.slice(0, 12), 'account|anna')],
    ['of another version', (sealed: string) => sealing.open(`s2.${sealed.slice(3)}`, 'account|anna')],
  ])('does not open when it was %s', (_, open) => {
    expect(() => open(sealing.seal('correct horse', 'account|anna'))).toThrow();
  });

  it('a key that is too short is refused by the name of its variable, without the key', () => {
    expect(() => new Sealing('short')).toThrow('KWOTA_SECRET_KEY');
  });

  it('keys derived for different purposes differ', () => {
    const [one, other] = ['tokens', 'digests'].map((purpose) => Sealing.derive('0123456789abcdef0123456789abcdef', purpose));
    expect(one).not.toEqual(other);
  });
});
