import {
  dlrOfPtt,
  dlrText,
  expiredOutcome,
  isFinalDlr,
  knownDlrIds,
  knownPtts,
  outcomeOfCommandStatus,
  outcomeOfReceipt,
  pttDetails,
  silentOutcome,
  smppProductPttMeaning,
  stopListOutcome,
  submittedOutcome,
  withdrawnOutcome,
  type PttLanguage,
  type Receipt,
} from './delivery-codes.js';

describe('the codes of the users guide', () => {
  const guide = [1, 2, 3, 4, 5, 6, 8, 20, 21, 23, 24, 25, 26, 27, 28, 29, 33, 39, 73, 74, 76, 202];

  it('are these 22', () => expect(knownPtts).toEqual(guide));

  it.each(guide)('%i has a comment, a description and a duration in every language', (ptt) => {
    const languages: PttLanguage[] = ['en', 'pl', 'fr'];
    const details = languages.map((language) => pttDetails(ptt, language));
    for (const detail of details) {
      expect(detail).toEqual({
        ptt,
        comment: expect.stringMatching(/\w/),
        description: expect.stringMatching(/\w/),
        duration: expect.stringMatching(/^(permanent|temporary|indeterminated)$/),
      });
    }
    expect(new Set(details.map((detail) => detail?.comment)).size).toBe(languages.length);
  });

  it('are in English where no language is asked for', () => expect(pttDetails(4)?.description).toBe('Delivered'));

  it.each([0, 7, 999, -1, 4.5, NaN])('%d is not one of them and gets no default', (ptt) => {
    expect(pttDetails(ptt)).toBeUndefined();
    expect(dlrOfPtt(ptt)).toBeUndefined();
  });

  it('only 4 is a success and only 1, 2 and 3 stay open', () => {
    const dlrs = new Map(knownPtts.map((ptt) => [ptt, dlrOfPtt(ptt)]));
    expect(knownPtts.filter((ptt) => dlrs.get(ptt) === 1)).toEqual([4]);
    expect(knownPtts.filter((ptt) => dlrs.get(ptt) === 8)).toEqual([1, 2, 3]);
    expect(new Set(dlrs.values())).toEqual(new Set([1, 2, 8]));
  });
});

it.each([
  [0, 'Creating or pending', false],
  [1, 'Success', true],
  [2, 'Failed', true],
  [4, 'Waiting', false],
  [8, 'Buffered', false],
  [16, 'Error / not billed', true],
] as const)('DLR id %i reads "%s", final: %s', (dlr, text, final) => {
  expect(dlrText(dlr)).toBe(text);
  expect(isFinalDlr(dlr)).toBe(final);
  expect(knownDlrIds).toContain(dlr);
});

it('the SMPP product counts otherwise: its 4 is no delivery', () => {
  expect(smppProductPttMeaning({ smppProductPtt: 4 })).toBe('equipment error');
  expect(smppProductPttMeaning({ smppProductPtt: 23 })).toBeUndefined();
});

describe('a receipt of an SMSC with codes of its own is judged by its state alone', () => {
  it.each<[Receipt, number, number, boolean]>([
    [{ stat: 'DELIVRD' }, 4, 1, true],
    [{ stat: 'delivrd' }, 4, 1, true],
    [{ stat: ' Delivrd ' }, 4, 1, true],
    [{ stat: 'EXPIRED' }, 8, 2, true],
    [{ stat: 'DELETED' }, 5, 2, true],
    [{ stat: 'UNDELIV' }, 5, 2, true],
    [{ stat: 'UNKNOWN' }, 6, 2, true],
    [{ stat: 'REJECTD' }, 20, 2, true],
    [{ stat: 'ACCEPTD' }, 3, 8, false],
    [{ stat: 'ENROUTE' }, 3, 8, false],
    [{ stat: 'DELIVRD', err: '023' }, 4, 1, true],
    [{ messageState: 0 }, 3, 8, false],
    [{ messageState: 1 }, 3, 8, false],
    [{ messageState: 2 }, 4, 1, true],
    [{ messageState: 3 }, 8, 2, true],
    [{ messageState: 4 }, 5, 2, true],
    [{ messageState: 5 }, 5, 2, true],
    [{ messageState: 6 }, 3, 8, false],
    [{ messageState: 7 }, 6, 2, true],
    [{ messageState: 8 }, 20, 2, true],
    [{ stat: 'NONSENS', messageState: 2 }, 4, 1, true],
  ])('%j → ptt %i, DLR %i, final: %s', (receipt, ptt, dlr, final) => {
    expect(outcomeOfReceipt(receipt, 'generic')).toEqual({ ptt, dlr, final, recognised: true });
  });
});

describe("a receipt of profile kwota carries the ptt in 'err'", () => {
  it.each(knownPtts)('err of ptt %i decides, whatever the state says', (ptt) => {
    const dlr = dlrOfPtt(ptt);
    const outcome = outcomeOfReceipt({ stat: 'UNKNOWN', err: String(ptt).padStart(3, '0') }, 'kwota');
    expect(outcome).toEqual({ ptt, dlr, final: dlr !== 8, recognised: true });
  });

  it.each<[Receipt, number, number, boolean, boolean]>([
    [{ stat: 'DELIVRD', err: '000' }, 4, 1, true, true],
    [{ stat: 'UNDELIV' }, 5, 2, true, true],
    [{ stat: 'UNDELIV', err: '23' }, 5, 2, true, true],
    [{ stat: 'UNDELIV', err: 'abc' }, 5, 2, true, true],
    [{ stat: 'UNDELIV', err: '777' }, 777, 2, true, false],
    [{ stat: 'DELIVRD', err: '777' }, 777, 1, true, false],
    [{ stat: 'ENROUTE', err: '777' }, 777, 8, false, false],
    [{ stat: 'NONSENS', err: '777' }, 777, 8, false, false],
  ])('%j → ptt %i, DLR %i, final: %s, recognised: %s', (receipt, ptt, dlr, final, recognised) => {
    expect(outcomeOfReceipt(receipt, 'kwota')).toEqual({ ptt, dlr, final, recognised });
  });
});

it.each<Receipt>([{}, { stat: 'NONSENS' }, { stat: 'constructor' }, { messageState: 99 }])('%j ends nothing and is marked unrecognised', (receipt) => {
  for (const profile of ['kwota', 'generic'] as const) {
    expect(outcomeOfReceipt(receipt, profile)).toEqual({ ptt: 3, dlr: 8, final: false, recognised: false });
  }
});

describe('the answer to a submit_sm', () => {
  it('0 accepts', () => expect(outcomeOfCommandStatus(0)).toEqual({ kind: 'accepted' }));

  it.each([0x14, 0x58])('%i is tried again', (commandStatus) => {
    expect(outcomeOfCommandStatus(commandStatus)).toEqual({ kind: 'retry', commandStatus });
  });

  it.each([
    [0x0b, 23, true],
    [0x08, 20, true],
    [0x45, 20, true],
    [0x400, 20, false],
  ])('%i is refused: ptt %i, not billed, recognised: %s', (commandStatus, ptt, recognised) => {
    expect(outcomeOfCommandStatus(commandStatus)).toEqual({ kind: 'refused', outcome: { ptt, dlr: 16, final: true, recognised } });
  });
});

it('what happens without an SMSC has codes too', () => {
  expect(submittedOutcome).toEqual({ ptt: 3, dlr: 8, final: false, recognised: true });
  expect(expiredOutcome).toEqual({ ptt: 8, dlr: 2, final: true, recognised: true });
  expect(silentOutcome).toEqual({ ptt: 6, dlr: 2, final: true, recognised: true });
  expect(stopListOutcome).toEqual({ ptt: 23, dlr: 16, final: true, recognised: true });
  expect(withdrawnOutcome).toEqual({ ptt: 20, dlr: 16, final: true, recognised: true });
});
