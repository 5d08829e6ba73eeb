import { askPage } from '../src/authorise-owners/validation.page.js';

const asked = { token: 't', applicationName: 'Parcels', rules: [{ method: 'GET', path: '/sms/*' }], redirection: null };

it('says to whom its owner is led, and nothing else of the address', () => {
  const page = askPage({ ...asked, redirection: 'https://parcels.example.org/done?state=secret' });
  expect(page).toContain('you are led to parcels.example.org then');
  expect(page).not.toContain('secret');
  expect(askPage(asked)).not.toContain('led to');
});

it('keeps the owner of an attempt, and escapes whatever it is told', () => {
  const hostile = '"><script>alert(1)</script>';
  const page = askPage({ token: hostile, applicationName: hostile, rules: [{ method: 'GET', path: hostile }], redirection: 'https://x/', owner: hostile, fault: hostile });
  expect(page).not.toContain('<script');
  expect(page).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
});
