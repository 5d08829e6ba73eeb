import type { UserView } from '../operator-api.client.js';
import { bodyOf } from './users.commands.js';

const anna: UserView = {
  login: 'anna',
  quotaInformations: { quotaLeft: 150, quotaStatus: 'active' },
  alertThresholdInformations: { alertEmail: 'owner@example.org', alertNumber: '', alertThreshold: 20, support: 'mail' },
  ipRestrictions: [],
  callBack: null,
  stopCallBack: null,
};

describe('a change of an API user', () => {
  it('sends nothing that was not given', () => expect(bodyOf({ ip: [] }, anna)).toEqual({ ipRestrictions: [] }));

  it('switches a quota on and off', () => {
    expect(bodyOf({ quota: 7 }, anna)).toEqual({ quotaInformations: { quotaLeft: 7, quotaStatus: 'active' } });
    expect(bodyOf({ quota: 'off' }, anna)).toEqual({ quotaInformations: { quotaLeft: 0, quotaStatus: 'inactive' } });
  });

  it('keeps who is told when only the threshold changes', () =>
    expect(bodyOf({ threshold: 30 }, anna)).toEqual({
      alertThresholdInformations: { alertEmail: 'owner@example.org', alertNumber: '', alertThreshold: 30, support: 'mail' },
    }));

  it('switches an alert off as the panel does, by -1', () => expect(bodyOf({ threshold: 'off' }, anna)).toMatchObject({ alertThresholdInformations: { alertThreshold: -1 } }));

  it('takes a callback away', () => expect(bodyOf({ callback: null }, anna)).toEqual({ callBack: null }));
});
