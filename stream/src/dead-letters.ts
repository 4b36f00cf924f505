import type { StreamRecord } from './port.js';

/**
 * Dead letters as the rest of the product sees them: messages that can't be stored as spans. An office keeps them whole
 * while ranges are stored; a desk shows those that are open, and offers them to the stream again.
 */

/** A message that could not be stored as spans, and why. */
export interface DeadLetter {
  /** Where it lies in the stream, with the record's offset: what its copies are recognised by. */
  readonly topic: string;
  readonly partition: number;
  readonly record: StreamRecord;
  /** Code of the error. */
  readonly reason: string;
  readonly message: string;
  /** Byte of the message where reading stopped; 0 when the whole is at fault. */
  readonly errorOffset: number;
}

/** Where dead letters are kept whole, so that they can be looked into, and offered again once they can be read. */
export interface DeadLetterOffice {
  /**
   * Resolves when all of them are durable. They may be kept before (a replay after a crash): whoever reads them takes
   * those of one position as one.
   *
   * @param letters of one range
   * @returns how many of them are cut, for want of room
   */
  keep(letters: readonly DeadLetter[]): Promise<number>;
}

/** Where a dead letter lay in the stream: its name. */
export interface LetterPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** `halfopen-spans-3-1234` */
export function positionText({ topic, partition, offset }: LetterPosition): string {
  return `${topic}-${partition}-${offset}`;
}

/** A dead letter that has not been offered again. */
export interface OpenLetter extends LetterPosition {
  readonly reason: string;
  readonly message: string;
  readonly errorOffset: number;
  /** When the stream took it, ms since the epoch. */
  readonly appendedAtMs: number;
  readonly bytes: number;
  /** Else only its first bytes are left, and it can't be offered. */
  readonly whole: boolean;
  /** How it begins: FIRST_BYTES_SHOWN at most. */
  readonly firstBytes: Uint8Array;
}

export const FIRST_BYTES_SHOWN = 32;

/** All that are open unless given. */
export interface LetterFilter {
  readonly reason?: string | undefined;
  /** Taken by the stream at this time or later, ms since the epoch. */
  readonly sinceMs?: number | undefined;
  /** Only those that can be offered. */
  readonly wholeOnly?: boolean;
}

export interface OpenLetters {
  /** The oldest first. */
  readonly letters: readonly OpenLetter[];
  /** How many more there are. */
  readonly more: number;
}

/**
 * What became of an offer: sent again; not open (offered before, or unknown); cut, so that there is nothing to send; too
 * large for the stream.
 */
export type OfferOutcome = 'offered' | 'not-open' | 'cut' | 'too-large';

export interface DeadLetterDesk {
  open(filter: LetterFilter, limit: number): Promise<OpenLetters>;
  /**
   * Sends these letters into the stream again. Each is stored once however often this is called, also if it was cut
   * short: an offer has a batch id of its own that depends on nothing but the letter, and the ledger drops its copies.
   *
   * @returns in the order of the positions
   * @throws StreamError
   */
  offer(positions: readonly LetterPosition[]): Promise<OfferOutcome[]>;
}
