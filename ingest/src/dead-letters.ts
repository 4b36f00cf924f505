import { WireError } from '@halfopen/otlp';
import type { RowBatch } from '@halfopen/store';
import type { RecordRange, StreamRecord } from '@halfopen/stream';
import { RowWriter, type RowLimitError } from './transcode/row-writer.js';

/** How much of a message is kept for whoever looks into it. */
const FIRST_BYTES_MAX = 512;

/** What can be wrong with a message, whoever reads it. */
export type MessageError = WireError | RowLimitError;

/** A message that can never be stored as spans, and why. */
export interface DeadLetter {
  readonly record: StreamRecord;
  readonly error: MessageError;
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

export function deadLetterBatch(range: RecordRange, letters: readonly DeadLetter[]): RowBatch {
  const writer = new RowWriter();
  for (const { record, error } of letters) {
    const firstBytes = record.value.subarray(0, FIRST_BYTES_MAX);
    writer.uint32(Math.floor(record.appendedAtMs / 1000));
    writer.text(range.topic);
    writer.uint32(range.partition);
    writer.int64(Number(BigInt.asIntN(32, record.offset)), Number(BigInt.asIntN(32, record.offset >> 32n)));
    writer.encoded(Buffer.from(record.batchId, 'hex'));
    writer.text(error.code);
    writer.text(error.message);
    // 0 when no byte is at fault, but the whole.
    writer.int64(error instanceof WireError ? error.offset : 0, 0);
    writer.int64(record.value.length, 0);
    // Not `string`: these bytes are kept as they are, valid UTF-8 or not.
    writer.count(firstBytes.length);
    writer.encoded(firstBytes);
  }
  return { table: 'dead_letters', columns: COLUMNS, chunks: [writer.rows()], rows: letters.length };
}
