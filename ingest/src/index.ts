export {
  startIngest,
  type Ingest,
  type IngestClock,
  type IngestCounters,
  type IngestLog,
  type IngestOptions,
  type IngestStatus,
} from './ingest.js';
export { deskInStore, officeInStore, type StoreOfficeOptions } from './letters-in-store.js';
export type { RangeOutcome } from './range.js';
export { OTEL_TRACES_COLUMNS } from './transcode/columns.js';
export { ROW_BYTES_MAX, RowLimitError, RowWriter } from './transcode/row-writer.js';
export { transcode } from './transcode/transcode.js';
