import { settingsClause } from './sql-text.js';
import type { RowBatch } from './store.js';

/**
 * Skip indices that wait for the first merge of their rows (ADR 0008): an eighth of an insert's CPU. Until then a look-up
 * reads the rows, of few and small parts. Those on times are built at once, for rules ask for the newest rows.
 */
const BLOOM_FILTERS = [
  'idx_trace_id',
  'idx_res_attr_key',
  'idx_res_attr_value',
  'idx_span_attr_key',
  'idx_span_attr_value',
  'idx_frame_id',
  'idx_channel',
];

/**
 * Settings of every insert. One block per insert, cut nowhere, whatever its size: a replay must make the same block, or
 * the token cannot drop it (design.md 3).
 */
const INSERT_SETTINGS = {
  deduplicate_insert_select: 'enable_even_for_bad_queries',
  deduplicate_blocks_in_dependent_materialized_views: 1,
  insert_deduplicate: 1,
  max_insert_threads: '1',
  max_threads: 1,
  parallel_view_processing: 0,
  max_block_size: '1000000000',
  max_insert_block_size: '1000000000',
  min_insert_block_size_rows: '1000000000',
  min_insert_block_size_bytes: '0',
  input_format_parallel_parsing: 0,
  exclude_materialize_skip_indexes_on_insert: BLOOM_FILTERS.join(','),
} as const;

/** `INSERT INTO ... SELECT ... FROM source`, where the source is a table function that reads the batch's rows. */
export function insertStatement(
  batch: RowBatch,
  token: string,
  sourceOf: (structure: string) => string,
  deadline_ms?: number,
): string {
  const structure = batch.columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
  const names = batch.columns.map(({ name }) => `\`${name}\``).join(', ');
  const settings = settingsClause({ ...INSERT_SETTINGS, insert_deduplication_token: token });
  return `INSERT INTO ${batch.table} (${names})${settings} SELECT ${names} FROM ${sourceOf(structure)}${inTime(deadline_ms)}`;
}

/** Asked by the engine itself as it begins: whoever slept on the way is refused by the clock of the one that it meets. */
function inTime(deadline_ms: number | undefined): string {
  if (deadline_ms === undefined) return '';
  return ` WHERE throwIf(toUnixTimestamp64Milli(now64(3)) > ${Math.floor(deadline_ms)}, '${DEADLINE_PASSED}') = 0`;
}

const DEADLINE_PASSED = 'the deadline of this insert has passed';
