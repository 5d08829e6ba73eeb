import type { ConnectorSettings } from '@kwota/contracts/carrier.requests.v1';

/** What a connector has where nothing else is said. */
export const defaultSettings: ConnectorSettings = {
  bind: 'transceiver',
  prefixes: [],
  weight: 1,
  windowSize: 100,
  submitsPerSecondMax: 0,
  lostAnswer: 'resend',
  profile: 'generic',
  alphabet: 'gsm',
  longMessages: 'udh',
  registeredDelivery: 1,
  validityPeriod: 'absolute',
  priorityFlag: 'mapped',
  systemType: '',
  serviceType: '',
  // SMPP 3.4, 5.2.5 and 5.2.6: alphanumeric, network specific, international with ISDN's numbering plan.
  addresses: { alphanumeric: { ton: 5, npi: 0 }, short: { ton: 3, npi: 0 }, international: { ton: 1, npi: 1 }, receiver: { ton: 1, npi: 1 } },
  queryAfterSeconds: 0,
  tlsCa: '',
};
