import { atMostThreeDecimals } from './import-ovh.js';
import { endpointOf } from './ovh-api.client.js';

it.each([
  [150, 150],
  [0.1 + 0.2, 0.3],
  [1.9999, 1.999],
  [230.509, 230.509],
])('%d credits at OVH are %d here, never more', (theirs, ours) => expect(atMostThreeDecimals(theirs)).toBe(ours));

it('an endpoint is a name of OVH or a URL', () => {
  expect(endpointOf('ovh-eu')).toBe('https://eu.api.ovh.com/1.0');
  expect(endpointOf('https://sms.example.org/1.0/')).toBe('https://sms.example.org/1.0');
});
