import { beforeQuery, endpointOf } from './endpoint.js';

const query = 'id=10867690&ptt=4&date=2026-11-23+16%3A16%3A54&description=1&descriptionDlr=Error+%2F+not+billed&dlr=16';

it.each([
  ['https://example.org/dlr', '/dlr', '/dlr?'],
  ['https://example.org/dlr?shop=7', '/dlr?shop=7', '/dlr?shop=7&'],
  ['https://example.org/dlr?', '/dlr', '/dlr?&'],
  ['https://example.org/dlr?a=%20b+c#top', '/dlr?a=%20b+c', '/dlr?a=%20b+c&'],
  ['https://example.org', '/', '/?'],
  ['https://example.org#top?', '/', '/?'],
  ['https://example.org?x', '/?x', '/?x&'],
  ['https://example.org/d l/../r?n=ä"b', '/r?n=%C3%A4%22b', '/r?n=%C3%A4%22b&'],
  ['https://example.org/dlr ', '/dlr', '/dlr%20?'],
])('of %s the path is %s, and %s before parameters: what URL makes of the two together', (url, path, pathBeforeQuery) => {
  expect(endpointOf(url)).toMatchObject({ origin: 'https://example.org', path, pathBeforeQuery });
  const called = new URL(`${beforeQuery(url)}${query}`);
  expect(`${pathBeforeQuery}${query}`).toBe(`${called.pathname}${called.search}`);
});

it('its requests have the name and password of the URL, and the origin has not', () => {
  expect(endpointOf('http://shop:p%40ss@[::1]:8080/dlr')).toMatchObject({
    origin: 'http://[::1]:8080',
    hostname: '[::1]',
    headers: ['user-agent', 'Kwota', 'authorization', `Basic ${btoa('shop:p@ss')}`],
  });
  expect(endpointOf('https://example.org/').headers).toEqual(['user-agent', 'Kwota']);
});

it('a password with a percent sign that encodes nothing has it', () =>
  expect(endpointOf('http://shop:50%@example.org/').headers).toContain(`Basic ${btoa('shop:50%')}`));

it('what is no URL throws', () => expect(() => endpointOf('not a url')).toThrow('Invalid URL'));
