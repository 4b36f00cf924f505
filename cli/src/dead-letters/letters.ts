import { positionText, type LetterPosition, type OpenLetter } from '@halfopen/stream';
import { EXIT, Failure } from '../failure.js';

/** Open letters that one answer holds, and letters that one call offers. */
export const LETTERS_MAX = 1000;

const POSITION = /^([A-Za-z0-9._-]{1,249})-(\d{1,10})-(\d{1,19})$/;

/** `halfopen-spans-3-1234`: topic, partition, offset. */
export function parsePosition(text: string): LetterPosition {
  const [, topic, partition, offset] = POSITION.exec(text) ?? [];
  if (topic !== undefined && partition !== undefined && offset !== undefined)
    return { topic, partition: Number(partition), offset: BigInt(offset) };
  throw new Failure(
    `${text.slice(0, 100)} is no position of a dead letter: expected one as halfopen dead-letters list shows it, such as halfopen-spans-3-1234`,
    EXIT.usage,
  );
}

/** A letter as the API and `--json` give it. */
export interface LetterJson {
  readonly position: string;
  readonly reason: string;
  readonly message: string;
  readonly error_offset: number;
  readonly bytes: number;
  /** Else only its first bytes are left. */
  readonly whole: boolean;
  /** When the stream took it, RFC 3339. */
  readonly appended_at: string;
  /** How it begins, hex. */
  readonly first_bytes: string;
}

export function letterJson(letter: OpenLetter): LetterJson {
  return {
    position: positionText(letter),
    reason: letter.reason,
    message: letter.message,
    error_offset: letter.errorOffset,
    bytes: letter.bytes,
    whole: letter.whole,
    appended_at: new Date(letter.appendedAtMs).toISOString(),
    first_bytes: Buffer.from(letter.firstBytes).toString('hex'),
  };
}

export function letterOf(json: LetterJson): OpenLetter {
  return {
    ...parsePosition(json.position),
    reason: json.reason,
    message: json.message,
    errorOffset: json.error_offset,
    bytes: json.bytes,
    whole: json.whole,
    appendedAtMs: Date.parse(json.appended_at),
    firstBytes: Buffer.from(json.first_bytes, 'hex'),
  };
}
