import { FIRST_BYTES_SHOWN, type DeadLetter, type LetterPosition, type OpenLetter } from '../dead-letters.js';
import type { FetchedMessage } from './client.js';

/** Of a message in the stream: the batch id of the dead letter that it offers again. */
export const OFFER_OF = 'halfopen-offer-of';

/** Of a message in the dead-letter topic. The value is the message as it came, the key its batch id. */
const HEADER = {
  topic: 'halfopen-source-topic',
  partition: 'halfopen-source-partition',
  offset: 'halfopen-source-offset',
  appendedAt: 'halfopen-source-time',
  reason: 'halfopen-reason',
  message: 'halfopen-message',
  errorOffset: 'halfopen-error-offset',
  bytes: 'halfopen-bytes',
  /** A note that the letter of this position was offered again; its value is empty. */
  offeredAt: 'halfopen-offered-at',
} as const;

const BATCH_ID = /^[0-9a-f]{32}$/;
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;
const REASON = /^[a-z0-9-]{1,64}$/;
const MESSAGE_CHARS_MAX = 1000;

/** @returns undefined where it offers nothing; what is no batch id is nobody's */
export function offerOf(message: FetchedMessage): string | undefined {
  return matching(BATCH_ID, headerOf(message, OFFER_OF));
}

export function letterHeaders(letter: DeadLetter): Record<string, string> {
  const { record } = letter;
  return {
    ...positionHeaders({ topic: letter.topic, partition: letter.partition, offset: record.offset }),
    [HEADER.appendedAt]: new Date(record.appendedAtMs).toISOString(),
    [HEADER.reason]: letter.reason,
    [HEADER.message]: letter.message.slice(0, MESSAGE_CHARS_MAX),
    [HEADER.errorOffset]: String(letter.errorOffset),
    [HEADER.bytes]: String(record.value.length),
  };
}

export function offeredHeaders(position: LetterPosition, now_ms: number): Record<string, string> {
  return { ...positionHeaders(position), [HEADER.offeredAt]: new Date(now_ms).toISOString() };
}

function positionHeaders({ topic, partition, offset }: LetterPosition): Record<string, string> {
  return {
    [HEADER.topic]: topic,
    [HEADER.partition]: String(partition),
    [HEADER.offset]: String(offset),
  };
}

/** What a message in the dead-letter topic says. */
export type LetterMessage =
  | { readonly kind: 'letter'; readonly letter: OpenLetter; readonly batchId: string }
  | { readonly kind: 'offered'; readonly position: LetterPosition }
  /** Somebody else's. */
  | { readonly kind: 'foreign' };

/** Whoever may write into the topic may have written this: what does not fit is foreign. */
export function readLetter(message: FetchedMessage): LetterMessage {
  const position = positionOf(message);
  if (position === undefined) return { kind: 'foreign' };
  if (headerOf(message, HEADER.offeredAt) !== undefined) return { kind: 'offered', position };
  const value = message.value ?? Buffer.alloc(0);
  const batchId = matching(BATCH_ID, message.key?.toString());
  const reason = matching(REASON, headerOf(message, HEADER.reason));
  const appendedAtMs = Date.parse(headerOf(message, HEADER.appendedAt) ?? '');
  const [errorOffset, bytes] = [numberOf(message, HEADER.errorOffset), numberOf(message, HEADER.bytes)];
  if (batchId === undefined || reason === undefined || errorOffset === undefined || bytes === undefined)
    return { kind: 'foreign' };
  if (!Number.isFinite(appendedAtMs)) return { kind: 'foreign' };
  const letter = {
    ...position,
    reason,
    message: (headerOf(message, HEADER.message) ?? '').slice(0, MESSAGE_CHARS_MAX),
    errorOffset,
    appendedAtMs,
    bytes,
    whole: bytes === value.length,
    // A copy: a slice would keep the whole message in memory.
    firstBytes: Buffer.from(value.subarray(0, FIRST_BYTES_SHOWN)),
  };
  return { kind: 'letter', letter, batchId };
}

function positionOf(message: FetchedMessage): LetterPosition | undefined {
  const topic = matching(TOPIC, headerOf(message, HEADER.topic));
  const partition = numberOf(message, HEADER.partition);
  const offset = matching(/^\d{1,19}$/, headerOf(message, HEADER.offset));
  if (topic === undefined || partition === undefined || offset === undefined) return undefined;
  return { topic, partition, offset: BigInt(offset) };
}

function headerOf({ headers = [] }: FetchedMessage, name: string): string | undefined {
  const found = headers.find((header) => Object.hasOwn(header, name));
  return found?.[name]?.toString();
}

/** Up to 2^53, which no length and no partition reaches. */
function numberOf(message: FetchedMessage, name: string): number | undefined {
  const text = matching(/^\d{1,15}$/, headerOf(message, name));
  return text === undefined ? undefined : Number(text);
}

function matching(form: RegExp, text: string | undefined): string | undefined {
  return text !== undefined && form.test(text) ? text : undefined;
}
