export * from './dlr.js';
export * from './ptt.js';
export * from './smpp-product-ptt.js';
export * from './outcome.js';
export * from './receipt.js';
export * from './command-status.js';
