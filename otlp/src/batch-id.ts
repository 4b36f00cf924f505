import { hash } from 'node:crypto';

/** Identifies a message of the stream by its content: the first 128 bits of SHA-256, as 32 lower-case hex digits. */
export function batchId(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 32);
}
