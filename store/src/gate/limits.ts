/** Bounds on SQL written by people, so that it cannot take what ingestion and rules need. */
export interface PeopleSqlLimits {
  /** Of the text, UTF-8. @default 262144 */
  readonly textBytesMax: number;
  /** Of one query. The engine looks at the clock between blocks of rows, not within one. @default 30 */
  readonly executionSecondsMax: number;
  /** Of one query, as the engine counts it. @default 1 GiB */
  readonly memoryBytesMax: number;
  /** Of sorting and grouping that spill to disk, one query. @default 1 GiB */
  readonly spillBytesMax: number;
  /** Of an answer that is handed over whole. @default 1000000 */
  readonly resultRowsMax: number;
  /** Of the same, as the engine holds it; JSON is longer, and counts as memory. @default 64 MiB */
  readonly resultBytesMax: number;
  /** Of an answer that is handed on while the engine makes it. @default 1000000000 */
  readonly streamedRowsMax: number;
  /** Of the same, as the engine holds it. @default 64 GiB */
  readonly streamedBytesMax: number;
  /** How deep brackets, subqueries and calls may nest. @default 300 */
  readonly depthMax: number;
  /** Nodes of the syntax tree. @default 20000 */
  readonly treeNodesMax: number;
  /** Queries that run at once; each holds a thread of libuv's pool, which has 4 unless told otherwise. @default 2 */
  readonly concurrentMax: number;
  /** Queries that wait for their turn; a dashboard sends all its panels at once. @default 64 */
  readonly waitingMax: number;
  /** @default 30000 */
  readonly waitMsMax: number;
}

export const DEFAULT_PEOPLE_SQL_LIMITS: PeopleSqlLimits = {
  textBytesMax: 256 * 1024,
  executionSecondsMax: 30,
  memoryBytesMax: 2 ** 30,
  spillBytesMax: 2 ** 30,
  resultRowsMax: 1_000_000,
  resultBytesMax: 64 * 2 ** 20,
  streamedRowsMax: 1_000_000_000,
  streamedBytesMax: 64 * 2 ** 30,
  depthMax: 300,
  treeNodesMax: 20_000,
  concurrentMax: 2,
  waitingMax: 64,
  waitMsMax: 30_000,
};

/** Threads that one query may use: with `concurrentMax` queries at once, ingestion still gets its share of the cores. */
const THREADS_MAX = 2;

/** The text reaches the parser as a literal in hex, two bytes for one, and the canonical text is longer than the raw. */
const QUERY_BYTES_PER_TEXT_BYTE = 4;

/** Rows of a block: 65409 by the engine's default, so a block of rows of a kilobyte has 64 MB. */
const BLOCK_ROWS = 16_384;

export type Delivery = 'whole' | 'streamed';

/** The limits as settings of a session, fixed for its life. */
export function sessionSettings(
  limits: PeopleSqlLimits,
  executionSeconds: number,
  delivery: Delivery,
): Readonly<Record<string, number>> {
  const streamed = delivery === 'streamed';
  return {
    max_execution_time: executionSeconds,
    max_memory_usage: limits.memoryBytesMax,
    max_temporary_data_on_disk_size_for_query: limits.spillBytesMax,
    max_result_rows: streamed ? limits.streamedRowsMax : limits.resultRowsMax,
    max_result_bytes: streamed ? limits.streamedBytesMax : limits.resultBytesMax,
    max_query_size: limits.textBytesMax * QUERY_BYTES_PER_TEXT_BYTE,
    max_parser_depth: limits.depthMax,
    max_ast_depth: limits.depthMax,
    max_ast_elements: limits.treeNodesMax,
    max_threads: THREADS_MAX,
    max_block_size: BLOCK_ROWS,
    // Formats some blocks ahead on other threads: hundreds of megabytes, and no faster on a core or two.
    output_format_parallel_formatting: 0,
  };
}
