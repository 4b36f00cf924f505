import { createHash, hash } from 'node:crypto';

/** Keeps these ids apart from those of messages that happen to begin alike. */
const OFFERED = 'halfopen offered\0';

/**
 * Identifies a message of the stream by its content: the first 128 bits of SHA-256, as 32 lower-case hex digits.
 *
 * @param offerOf of a dead letter that is offered again: its batch id. The ledger knows that one, and must not know this;
 * however often the letter is offered, it is the same, so that the ledger drops all but the first
 */
export function batchId(bytes: Uint8Array, offerOf?: string): string {
  const digest =
    offerOf === undefined
      ? hash('sha256', bytes, 'hex')
      : createHash('sha256').update(OFFERED).update(Buffer.from(offerOf, 'hex')).update(bytes).digest('hex');
  return digest.slice(0, 32);
}
