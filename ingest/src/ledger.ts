import {
  ExportTraceServiceRequest,
  ResourceSpans,
  ScopeSpans,
  Span,
  WireError,
  WireReader,
} from '@halfopen/otlp';
import type { RowBatch, Store } from '@halfopen/store';
import type { StreamRecord } from '@halfopen/stream';
import { RowWriter } from './transcode/row-writer.js';

/**
 * The ledger: which messages have been stored, by the hash of their bytes, as long as their spans are kept. What is
 * sent again (a client's retry after a lost answer, a file imported twice) is recognised by it.
 */
export interface LedgerEntry {
  readonly record: StreamRecord;
  readonly spans: number;
}

const COLUMNS = [
  { name: 'started_at', type: 'DateTime' },
  { name: 'batch_id', type: 'FixedString(16)' },
  { name: 'token', type: 'String' },
  { name: 'spans', type: 'UInt32' },
  { name: 'inserted_at', type: 'DateTime' },
] as const;

/** Ids in one query: a server takes parameters in the address, which may have 1 MiB; an id takes 41 bytes there. */
const LOOKUP_IDS_MAX = 2000;

// `started_at` decides which granules are read, `batch_id` which rows. Rows of the range's own token are left by an
// earlier attempt at this very range: counting them would make a replay drop its own messages.
const LOOKUP = `
  SELECT lower(hex(batch_id)) AS batchId
  FROM ingest_ledger
  WHERE started_at IN {startsS:Array(UInt32)}
    AND batch_id IN (SELECT toFixedString(unhex(arrayJoin({ids:Array(String)})), 16))
    AND token != {token:String}`;

/** The records whose bytes no other range has stored, nor an earlier record of this one. */
export async function dropResent(
  records: readonly StreamRecord[],
  token: string,
  store: Store,
): Promise<readonly StreamRecord[]> {
  const first = new Map<string, StreamRecord>();
  for (const record of records) if (!first.has(record.batchId)) first.set(record.batchId, record);
  const distinct = [...first.values()];
  const stored = new Set<string>();
  for (let at = 0; at < distinct.length; at += LOOKUP_IDS_MAX) {
    const part = distinct.slice(at, at + LOOKUP_IDS_MAX);
    const params = {
      ids: part.map(({ batchId }) => batchId),
      startsS: [...new Set(part.map(({ value }) => firstSpanStartS(value)))],
      token,
    };
    for (const { batchId } of await store.query<{ batchId: string }>(LOOKUP, { params })) stored.add(batchId);
  }
  return distinct.filter(({ batchId }) => !stored.has(batchId));
}

export function ledgerBatch(entries: readonly LedgerEntry[], token: string): RowBatch {
  const writer = new RowWriter();
  for (const { record, spans } of entries) {
    writer.uint32(firstSpanStartS(record.value));
    writer.encoded(Buffer.from(record.batchId, 'hex'));
    writer.text(token);
    writer.uint32(spans);
    writer.uint32(Math.floor(record.appendedAtMs / 1000));
  }
  return { table: 'ingest_ledger', columns: COLUMNS, chunks: [writer.rows()], rows: entries.length };
}

const PATH_TO_SPAN = [
  ExportTraceServiceRequest.resourceSpans,
  ResourceSpans.scopeSpans,
  ScopeSpans.spans,
] as const;

/**
 * Seconds since 1970 at which the first span of the message starts, 0 when there is none. Where a message lies in the
 * ledger depends on it: the same bytes must give the same answer in every version.
 */
export function firstSpanStartS(message: Uint8Array): number {
  const reader = new WireReader();
  reader.reset(message);
  try {
    return PATH_TO_SPAN.every((field) => enterFirst(reader, field)) ? startS(reader) : 0;
  } catch (error) {
    if (error instanceof WireError) return 0;
    throw error;
  }
}

function enterFirst(reader: WireReader, field: number): boolean {
  while (reader.next()) {
    if (reader.field === field) {
      reader.enter();
      return true;
    }
    reader.skip();
  }
  return false;
}

function startS(reader: WireReader): number {
  while (reader.next()) {
    if (reader.field === Span.startTimeUnixNano) {
      reader.fixed64();
      const ns = (reader.hi >>> 0) * 2 ** 32 + (reader.lo >>> 0);
      return Math.min(Math.floor(ns / 1e9), 0xffffffff);
    }
    reader.skip();
  }
  return 0;
}
