export * from './port.js';
export { openMemoryStream, type MemoryStream, type MemoryStreamOptions } from './memory/memory-stream.js';
export type { MemoryStreamLimits } from './memory/limits.js';
