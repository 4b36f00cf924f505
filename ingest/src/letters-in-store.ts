import { batchId } from '@halfopen/otlp';
import type { RowBatch, Store } from '@halfopen/store';
import {
  FIRST_BYTES_SHOWN,
  positionText,
  StreamError,
  type DeadLetter,
  type DeadLetterDesk,
  type DeadLetterOffice,
  type LetterPosition,
  type OfferOutcome,
  type OpenLetter,
  type StreamProducer,
} from '@halfopen/stream';
import { writeBytes, writePosition } from './dead-letters.js';
import type { IngestLog } from './ingest.js';
import { RowWriter } from './transcode/row-writer.js';

/** Dead letters of the embedded size: kept whole in the store, beside the table that tells of them. */
export interface StoreOfficeOptions {
  readonly store: Store;
  /** Past it letters are cut: who sends nothing else must not fill the disk. */
  readonly bytesMax: number;
  readonly log: Pick<IngestLog, 'error'>;
}

export function officeInStore({ store, bytesMax, log }: StoreOfficeOptions): DeadLetterOffice {
  return {
    async keep(letters) {
      let room = bytesMax - (await keptBytes(store, letters));
      let cut = 0;
      for (const letter of letters) {
        const bytes = letter.record.value.length;
        if (bytes <= room) {
          await store.insert(messageBatch(letter), `${nameOf(letter)}-whole`);
          room -= bytes;
        } else {
          cut += 1;
          log.error({ position: nameOf(letter), bytes, bytesMax }, 'a dead letter is cut: no room for it');
        }
      }
      return cut;
    },
  };
}

const MESSAGE_COLUMNS = [
  { name: 'inserted_at', type: 'DateTime' },
  { name: 'topic', type: 'LowCardinality(String)' },
  { name: 'partition', type: 'UInt32' },
  { name: 'offset', type: 'UInt64' },
  { name: 'bytes', type: 'UInt64' },
  { name: 'value', type: 'String' },
] as const;

/** All columns but the value. */
const ROW_OVERHEAD_BYTES = 64 * 1024;

/** One message an insert: which letters of a range find room may differ at a replay, and a token stands for one set of rows. */
function messageBatch(letter: DeadLetter): RowBatch {
  const { value } = letter.record;
  const writer = new RowWriter(value.length + ROW_OVERHEAD_BYTES);
  writePosition(writer, letter);
  writer.int64(value.length, 0);
  writeBytes(writer, value);
  return { table: 'dead_letter_messages', columns: MESSAGE_COLUMNS, chunks: [writer.rows()], rows: 1 };
}

function nameOf({ topic, partition, record }: DeadLetter): string {
  return positionText({ topic, partition, offset: record.offset });
}

/** By other ranges: a replay finds as much room as the first attempt. */
async function keptBytes(store: Store, letters: readonly DeadLetter[]): Promise<number> {
  const [first, last] = [letters[0], letters.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const { topic, partition } = first;
  const params = { topic, partition, first: String(first.record.offset), last: String(last.record.offset) };
  const [kept] = await store.query<{ bytes: number }>(
    `SELECT toFloat64(sum(bytes)) AS bytes
     FROM dead_letter_messages
     WHERE NOT (topic = {topic:String} AND partition = {partition:UInt32}
       AND offset BETWEEN {first:UInt64} AND {last:UInt64})`,
    { params },
  );
  return kept?.bytes ?? 0;
}

/** @param producer of the stream whose messages end in this store */
export function deskInStore(store: Store, producer: StreamProducer): DeadLetterDesk {
  return {
    open: async ({ reason = '', sinceMs = 0, wholeOnly = false }, limit) => {
      const params = { reason, since: Math.floor(sinceMs / 1000), wholeOnly: wholeOnly ? 1 : 0, limit };
      const [counted] = await store.query<{ n: number }>(`SELECT toUInt32(count()) AS n ${OPEN}`, { params });
      const rows = await store.query<Row>(LIST, { params });
      return { letters: rows.map(letterOf), more: Math.max(0, (counted?.n ?? 0) - rows.length) };
    },
    offer: async (positions) => {
      const outcomes: OfferOutcome[] = [];
      // One after the other: each is stored as this returns, and however large they are, one is in memory.
      for (const position of positions) outcomes.push(await offer(store, producer, position));
      return outcomes;
    },
  };
}

const WHOLE =
  '(d.topic, d.partition, d.offset) IN (SELECT topic, partition, offset FROM dead_letter_messages)';

const OPEN = `
  FROM dead_letters AS d
  WHERE (d.topic, d.partition, d.offset) NOT IN (SELECT topic, partition, offset FROM dead_letter_offers)
    AND ({reason:String} = '' OR d.reason = {reason:String})
    AND d.inserted_at >= toDateTime({since:UInt32})
    AND ({wholeOnly:UInt8} = 0 OR ${WHOLE})`;

const LIST = `
  SELECT
    toString(d.topic) AS topic,
    d.partition AS partition,
    toString(d.offset) AS offset,
    toString(d.reason) AS reason,
    d.message AS message,
    toFloat64(d.error_offset) AS errorOffset,
    toUnixTimestamp(d.inserted_at) * 1000 AS appendedAtMs,
    toFloat64(d.bytes) AS bytes,
    ${WHOLE} AS whole,
    hex(substring(d.first_bytes, 1, ${FIRST_BYTES_SHOWN})) AS firstHex
  ${OPEN}
  ORDER BY d.inserted_at, d.topic, d.partition, d.offset
  LIMIT {limit:UInt32}`;

interface Row extends Omit<OpenLetter, 'offset' | 'firstBytes' | 'whole' | 'appendedAtMs'> {
  readonly offset: string;
  readonly firstHex: string;
  readonly whole: 0 | 1;
  /** 64 bits wide, so a text. */
  readonly appendedAtMs: string;
}

function letterOf({ offset, firstHex, whole, appendedAtMs, ...same }: Row): OpenLetter {
  return {
    ...same,
    offset: BigInt(offset),
    appendedAtMs: Number(appendedAtMs),
    whole: whole === 1,
    firstBytes: Buffer.from(firstHex, 'hex'),
  };
}

async function offer(
  store: Store,
  producer: StreamProducer,
  position: LetterPosition,
): Promise<OfferOutcome> {
  const params = paramsOf(position);
  const [letter] = await store.query<{ batchId: string; bytes: number }>(
    `SELECT lower(hex(d.batch_id)) AS batchId, toFloat64(d.bytes) AS bytes ${OPEN} AND ${AT} LIMIT 1`,
    { params: { ...params, reason: '', since: 0, wholeOnly: 0 } },
  );
  if (letter === undefined) return 'not-open';
  const value = await valueAt(store, params, letter.bytes);
  if (value === undefined) return 'cut';
  try {
    await producer.publish(batchId(value, letter.batchId), value);
  } catch (error) {
    if (error instanceof StreamError && error.code === 'too-large') return 'too-large';
    throw error;
  }
  // Should this not be reached, the letter stays open; offered again it is dropped, and noted then.
  await store.command(
    `INSERT INTO dead_letter_offers (inserted_at, topic, partition, offset)
     SELECT now(), {topic:String}, {partition:UInt32}, {offset:UInt64}`,
    { params },
  );
  return 'offered';
}

const AT = 'topic = {topic:String} AND partition = {partition:UInt32} AND offset = {offset:UInt64}';

interface PositionParams extends Record<string, unknown> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

function paramsOf({ topic, partition, offset }: LetterPosition): PositionParams {
  return { topic, partition, offset: String(offset) };
}

/** Of a text as long as a message may be, a JavaScript string might be too long. */
const SLICE_BYTES = 8 * 1024 * 1024;

/** @returns undefined where it is not there, or not as long as it was */
async function valueAt(store: Store, params: PositionParams, bytes: number): Promise<Uint8Array | undefined> {
  const slices: Buffer[] = [];
  for (let at = 0; at < bytes; at += SLICE_BYTES) {
    const [slice] = await store.query<{ base64: string }>(
      `SELECT base64Encode(substring(value, {from:UInt64}, {count:UInt64})) AS base64
       FROM dead_letter_messages WHERE ${AT} LIMIT 1`,
      { params: { ...params, from: at + 1, count: SLICE_BYTES } },
    );
    if (slice === undefined) return undefined;
    slices.push(Buffer.from(slice.base64, 'base64'));
  }
  const value = Buffer.concat(slices);
  return value.length === bytes ? value : undefined;
}
