export * from './fields.js';
export { WireError, WireReader, WireType, type WireErrorCode } from './wire.js';
