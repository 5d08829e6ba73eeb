export { decodeEvent, encodeEvent, NotAnEvent, streamOfAccount, type EventEnvelope, type EventSource } from './event-envelope.js';
export { genesisHash, hashOf } from './hash-chain.js';
export { verifyChain, type ChainFault, type ChainHead, type ChainVerdict } from './verify-chain.js';
