import type { ExportTraceServiceRequest, KeyValue, Span } from './otlp-json.js';

/** OpenTelemetry's batch processor, scaled down: a batch leaves when it is full or its first span this old. */
export const BATCH_SPANS_MAX = 50;
export const BATCH_AGE_MAX_US = 2_000_000;

/** The spans of one process on their way out: batched in the order of their ends, then handed to `send`. */
export class Exporter {
  /** While the exporter is down its batches are lost, as after the last retry. */
  down = false;
  resource: readonly KeyValue[] = [];
  #batch: Span[] = [];

  /** `scheduleFlush` is called as a batch begins, and must call {@link flush} {@link BATCH_AGE_MAX_US} later. */
  constructor(
    private readonly send: (request: ExportTraceServiceRequest) => void,
    private readonly scheduleFlush: () => void,
  ) {}

  add(span: Span): void {
    if (this.#batch.length === 0) this.scheduleFlush();
    this.#batch.push(span);
    if (this.#batch.length === BATCH_SPANS_MAX) this.flush();
  }

  flush(): void {
    const spans = this.#batch;
    if (spans.length === 0) return;
    this.#batch = [];
    if (this.down) return;
    this.send({
      resourceSpans: [
        {
          resource: { attributes: this.resource },
          scopeSpans: [{ scope: { name: '@halfopen/lab' }, spans }],
        },
      ],
    });
  }

  /** What a killed process leaves behind: nothing. */
  discard(): void {
    this.#batch = [];
  }
}
