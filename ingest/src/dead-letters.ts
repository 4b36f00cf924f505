import { WireError } from '@halfopen/otlp';
import type { RowBatch } from '@halfopen/store';
import type { DeadLetter, RecordRange, StreamRecord } from '@halfopen/stream';
import { RowWriter, type RowLimitError } from './transcode/row-writer.js';

/** How much of a message is in the table, for whoever looks into it; the whole is in the dead-letter office. */
const FIRST_BYTES_MAX = 512;

/** What can be wrong with a message, whoever reads it. */
export type MessageError = WireError | RowLimitError;

export function deadLetterOf(range: RecordRange, record: StreamRecord, error: MessageError): DeadLetter {
  return {
    topic: range.topic,
    partition: range.partition,
    record,
    reason: error.code,
    message: error.message,
    errorOffset: error instanceof WireError ? error.offset : 0,
  };
}

const COLUMNS = [
  { name: 'inserted_at', type: 'DateTime' },
  { name: 'topic', type: 'LowCardinality(String)' },
  { name: 'partition', type: 'UInt32' },
  { name: 'offset', type: 'UInt64' },
  { name: 'batch_id', type: 'FixedString(16)' },
  { name: 'reason', type: 'LowCardinality(String)' },
  { name: 'message', type: 'String' },
  { name: 'error_offset', type: 'UInt64' },
  { name: 'bytes', type: 'UInt64' },
  { name: 'first_bytes', type: 'String' },
] as const;

export function deadLetterBatch(letters: readonly DeadLetter[]): RowBatch {
  const writer = new RowWriter();
  for (const letter of letters) {
    const { record } = letter;
    writePosition(writer, letter);
    writer.encoded(Buffer.from(record.batchId, 'hex'));
    writer.text(letter.reason);
    writer.text(letter.message);
    writer.int64(letter.errorOffset, 0);
    writer.int64(record.value.length, 0);
    writeBytes(writer, record.value.subarray(0, FIRST_BYTES_MAX));
  }
  return { table: 'dead_letters', columns: COLUMNS, chunks: [writer.rows()], rows: letters.length };
}

/** Columns `inserted_at`, `topic`, `partition`, `offset`. */
export function writePosition(writer: RowWriter, { topic, partition, record }: DeadLetter): void {
  writer.uint32(Math.floor(record.appendedAtMs / 1000));
  writer.text(topic);
  writer.uint32(partition);
  writer.int64(Number(BigInt.asIntN(32, record.offset)), Number(BigInt.asIntN(32, record.offset >> 32n)));
}

/** A String. Not `string`: these bytes are kept as they are, valid UTF-8 or not. */
export function writeBytes(writer: RowWriter, bytes: Uint8Array): void {
  writer.count(bytes.length);
  writer.encoded(bytes);
}
