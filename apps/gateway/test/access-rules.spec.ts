import { isGranted } from '../src/v6/access-rules.js';

it.each([
  ['/*', '/sms/sms-kw00001-1', true],
  ['/sms', '/sms', true],
  ['/sms', '/sms/', true],
  ['/sms', '/sms/sms-kw00001-1', false],
  ['/sms/*/jobs/', '/sms/sms-kw00001-1/jobs', true],
  ['/sms/*/jobs', '/sms/sms-kw00001-1/jobs/', true],
  ['/sms/*/jobs', '/sms/sms-kw00001-1/users', false],
  ['/sms/a*a', '/sms/a', false],
])('rule %s on %s: %s', (path, called, granted) => {
  expect(isGranted([{ method: 'GET', path }], 'GET', called)).toBe(granted);
});

it('a rule is for its method alone', () => expect(isGranted([{ method: 'GET', path: '/*' }], 'PUT', '/sms')).toBe(false));
