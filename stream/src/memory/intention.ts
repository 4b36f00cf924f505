import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { RecordRange, StreamRecord } from '../port.js';

/**
 * The intention file (ADR 0004): the one range that is being stored, whole, so that a restart offers the very same
 * records again. One file at most, replaced by rename, removed at the commit; it is no log.
 *
 *     "halfopen intention 1\n" | crc32 of what follows, u32
 *     topic length, u32 | topic, UTF-8 | partition, u32 | begin, u64 | records, u32
 *     each record: appendedAtMs, f64 | batch id, 16 bytes | value length, u32 | value
 *
 * Little-endian. Record `i` has offset `begin + i`.
 */
const MAGIC = Buffer.from('halfopen intention 1\n');
const CHECKSUM_BYTES = 4;
const RANGE_HEAD_BYTES = 4 + 4 + 8 + 4;
const RECORD_HEAD_BYTES = 8 + 16 + 4;

/** Larger files are not ours: a range is far smaller (`rangeBytesMax`, or one message of `pendingBytesMax`). */
export const INTENTION_FILE_BYTES_MAX = 1 << 30;

const NAME = 'intention';
/** Where a file that cannot be read is put; a later one replaces it. */
const SET_ASIDE_NAME = 'intention.damaged';

export type StoredRange = Omit<RecordRange, 'replayed'>;

/** What the folder held when it was opened. */
export type FoundIntention =
  | { readonly kind: 'none' }
  | { readonly kind: 'range'; readonly range: StoredRange }
  | { readonly kind: 'damaged'; readonly reason: string; readonly movedTo: string };

/** Returns once the file is whole under its name; with `fsync`, once it would outlive a power cut too. */
export async function writeIntention(dir: string, range: StoredRange, fsync: boolean): Promise<void> {
  const temporary = join(dir, `${NAME}.tmp`);
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(encodeIntention(range));
    if (fsync) await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(dir, NAME));
  if (fsync) await syncFolder(dir);
}

export async function removeIntention(dir: string): Promise<void> {
  await rm(join(dir, NAME), { force: true });
}

/**
 * Reads what an earlier process intended. A file that is torn or not ours is moved out of the way, so that it cannot
 * stop every start: no publisher of its records has been answered, they send again.
 */
export async function findIntention(dir: string): Promise<FoundIntention> {
  const path = join(dir, NAME);
  const size = await stat(path).then(
    ({ size }) => size,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  if (size === undefined) return { kind: 'none' };
  const decoded =
    size > INTENTION_FILE_BYTES_MAX
      ? `${size} bytes, may have ${INTENTION_FILE_BYTES_MAX}`
      : decodeIntention(await readFile(path));
  if (typeof decoded !== 'string') return { kind: 'range', range: decoded };
  const movedTo = join(dir, SET_ASIDE_NAME);
  await rename(path, movedTo);
  return { kind: 'damaged', reason: decoded, movedTo };
}

export function encodeIntention(range: StoredRange): Buffer {
  const topic = Buffer.from(range.topic);
  const bodyStart = MAGIC.length + CHECKSUM_BYTES;
  const valuesBytes = range.records.reduce((sum, { value }) => sum + RECORD_HEAD_BYTES + value.length, 0);
  const file = Buffer.allocUnsafe(bodyStart + RANGE_HEAD_BYTES + topic.length + valuesBytes);
  MAGIC.copy(file);
  let at = file.writeUInt32LE(topic.length, bodyStart);
  at += topic.copy(file, at);
  at = file.writeUInt32LE(range.partition, at);
  at = file.writeBigUInt64LE(range.begin, at);
  at = file.writeUInt32LE(range.records.length, at);
  for (const { appendedAtMs, batchId, value } of range.records) {
    at = file.writeDoubleLE(appendedAtMs, at);
    at += file.write(batchId, at, 'hex');
    at = file.writeUInt32LE(value.length, at);
    file.set(value, at);
    at += value.length;
  }
  file.writeUInt32LE(crc32(file.subarray(bodyStart)), MAGIC.length);
  return file;
}

/** The range, or why the bytes are not one. */
export function decodeIntention(file: Buffer): StoredRange | string {
  if (!file.subarray(0, MAGIC.length).equals(MAGIC))
    return 'it does not begin as an intention file of this version';
  const bodyStart = MAGIC.length + CHECKSUM_BYTES;
  if (file.length < bodyStart) return 'it ends within its checksum';
  if (crc32(file.subarray(bodyStart)) !== file.readUInt32LE(MAGIC.length))
    return 'its checksum differs: torn or altered';
  try {
    return decodeBody(file.subarray(bodyStart));
  } catch (error) {
    if (error instanceof RangeError) return `its lengths do not fit: ${error.message}`;
    throw error;
  }
}

/** @throws RangeError when a length reaches past the end (Buffer's own readers, and `take` below) */
function decodeBody(body: Buffer): StoredRange {
  let at = 0;
  const take = (bytes: number): Buffer => {
    if (bytes > body.length - at)
      throw new RangeError(`${bytes} bytes at ${at}, ${body.length - at} are left`);
    at += bytes;
    return body.subarray(at - bytes, at);
  };
  const topic = take(take(4).readUInt32LE()).toString();
  const partition = take(4).readUInt32LE();
  const begin = take(8).readBigUInt64LE();
  const count = take(4).readUInt32LE();
  const records: StreamRecord[] = [];
  for (let i = 0; i < count; i++) {
    const appendedAtMs = take(8).readDoubleLE();
    const batchId = take(16).toString('hex');
    records.push({ offset: begin + BigInt(i), appendedAtMs, batchId, value: take(take(4).readUInt32LE()) });
  }
  if (at !== body.length) throw new RangeError(`${body.length - at} bytes behind the last record`);
  return { topic, partition, begin, end: begin + BigInt(count), records };
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
