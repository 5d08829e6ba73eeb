// The credit of one SMS account: what may happen (decide), what has happened (events) and what it adds up to (evolve). Pure: no clock, no I/O.
export * from './billing-policy.js';
export * from './burn-rate.js';
export * from './credit-account.js';
export * from './credit-commands.js';
export * from './credit-events.js';
export { decide } from './decide.js';
export { accountRefusals, decideOnAccount, largestQuota, type AccountCommand, type AccountRefusal } from './decide-account.js';
export { decideHold, holdRefusals, type HoldRefusal } from './decide-hold.js';
export { decideSettle, decideTick, decideWithdraw, dueCharges } from './decide-settle.js';
export * from './decision.js';
export { evolve, replay } from './evolve.js';
export * from './postings.js';
export * from './rating-policy.js';
export { accountFrom, AccountRestored, snapshotOf, snapshotParts, type AccountSnapshot, type SnapshotPart } from './snapshot.js';
