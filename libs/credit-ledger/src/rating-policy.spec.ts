import { parseRatesFile, priceOf, ratingPolicyV1 } from './rating-policy.js';

describe('rating', () => {
  it('by default is one credit a part everywhere', () => expect(priceOf(ratingPolicyV1, '+33600000001', 3)).toEqual({ destination: '', amountMilliCredits: 3_000 }));

  it('the longest prefix decides, and the event names that prefix alone', () => {
    const policy = parseRatesFile({ '': 2, '33': 1, '3365': 1.25 }, 2);
    expect(priceOf(policy, '+33600000001', 2)).toEqual({ destination: '33', amountMilliCredits: 2_000 });
    expect(priceOf(policy, '+33650000001', 2)).toEqual({ destination: '3365', amountMilliCredits: 2_500 });
    expect(priceOf(policy, '+48600000001', 1)).toEqual({ destination: '', amountMilliCredits: 2_000 });
  });

  it.each([[{ '33': 1 }], [{ '': 0.0001 }], [{ '': -1 }], [{ '': '1' }], [{ '': 1, '33x': 1 }], [[]], [null]])('%j is no rates file', (file) =>
    expect(() => parseRatesFile(file, 2)).toThrow(RangeError));
});
