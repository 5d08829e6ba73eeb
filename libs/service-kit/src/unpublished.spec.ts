import type { OutgoingMessage } from '@kwota/messaging';
import { Unpublished, unpublishedMax } from './unpublished.js';

const message = (value: string): OutgoingMessage => ({ topic: 'kwota.users.v1', key: 'a', value, headers: {} });
const valuesFrom = (unpublished: Unpublished, first: number, last: number): unknown => unpublished.from(first, last)?.map(({ value }) => value);

describe('what is not published yet', () => {
  it('is known by the ids of its rows, all of them or not at all, until it is forgotten', () => {
    const unpublished = new Unpublished();
    unpublished.keep([message('5'), message('6'), message('7')], 7);
    expect(valuesFrom(unpublished, 5, 7)).toEqual(['5', '6', '7']);
    expect(unpublished.from(5, 8)).toBeUndefined();
    unpublished.forget(5, 6);
    expect(valuesFrom(unpublished, 7, 7)).toEqual(['7']);
    expect(unpublished.from(6, 7)).toBeUndefined();
  });

  it('is kept up to a limit, the oldest; an id that is given again has the later message, also where there is no room for more', () => {
    const unpublished = new Unpublished();
    unpublished.keep(Array.from({ length: unpublishedMax }, (_, index) => message(`${index + 1}`)), unpublishedMax);
    unpublished.keep([message('too many')], unpublishedMax + 1);
    expect(unpublished.from(unpublishedMax + 1, unpublishedMax + 1)).toBeUndefined();
    expect(valuesFrom(unpublished, unpublishedMax, unpublishedMax)).toEqual([`${unpublishedMax}`]);
    unpublished.keep([message('again'), message('too many')], unpublishedMax + 1);
    expect(valuesFrom(unpublished, unpublishedMax, unpublishedMax)).toEqual(['again']);
    expect(unpublished.from(unpublishedMax + 1, unpublishedMax + 1)).toBeUndefined();
  });
});
