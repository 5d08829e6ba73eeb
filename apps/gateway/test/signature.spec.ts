import { isSignedBy, signatureOf, urlsAsWritten } from '../src/v6/signature.js';

// The public vectors of python-ovh (OVH.md 2.1).
const call = {
  applicationSecret: '9ufkBmLaTQ9nz5yMUlg79taH0GNnzDjk',
  consumerKey: '5mBuy6SUQcRw2ZUxg0cG68BoDKpED4KY',
  url: 'https://eu.api.ovh.com/1.0/auth',
  timestamp: '1457018875',
};
const body = Buffer.from('{"a":"b","c":"d"}');
const nothing = Buffer.alloc(0);

it.each([
  ['GET', nothing, '$1$e9556054b6309771395efa467c22e627407461ad'],
  ['POST', body, '$1$ec2fb5c7a81f64723c77d2e5b609ae6f58a84fc1'],
  ['PUT', body, '$1$8a75a9e7c8e7296c9dbeda6a2a735eb6bd58ec4b'],
  ['DELETE', nothing, '$1$a1eecd00b3b02b6cf5708b84b9ff42059a950d85'],
])('%s has the published signature', (method, bytes, signature) => {
  expect(signatureOf({ ...call, method, body: bytes })).toBe(signature);
});

describe('clients’ signing habits (OVH.md 2.2)', () => {
  const urls = urlsAsWritten('localhost:8443', '/1.0/sms/?x=1', ['https://sms.example.org/']);

  it.each(['https://localhost:8443/1.0/sms/?x=1', 'https://localhost/1.0/sms/?x=1', 'https://sms.example.org/1.0/sms/?x=1', 'http://localhost:8443/1.0/sms/?x=1'])(
    'a signature over %s is right',
    (url) => {
      const signature = signatureOf({ ...call, method: 'GET', url, body: nothing });
      expect(isSignedBy(signature, { ...call, method: 'GET', body: nothing }, urls)).toBe(true);
    },
  );

  it('one over another path is wrong', () => {
    const signature = signatureOf({ ...call, method: 'GET', url: 'https://localhost:8443/1.0/sms?x=1', body: nothing });
    expect(isSignedBy(signature, { ...call, method: 'GET', body: nothing }, urls)).toBe(false);
  });

  it('a body signed with its letters escaped and sent raw is right', () => {
    const sent = Buffer.from('{"message":"żółć"}');
    const signed = Buffer.from('{"message":"\\u017c\\u00f3\\u0142\\u0107"}');
    const signature = signatureOf({ ...call, method: 'POST', url: urls[0] ?? '', body: signed });
    expect(isSignedBy(signature, { ...call, method: 'POST', body: sent }, urls)).toBe(true);
  });
});
