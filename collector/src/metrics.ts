import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ByteBudget } from './budget.js';

/** From a millisecond, a small batch into memory, to the publish deadline. */
const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the collector tells Prometheus of itself. Everything but `requests` is about the traces route. */
export class CollectorMetrics {
  readonly requests: Counter<'status'>;
  readonly refusals: Counter<'code'>;
  readonly spans: Counter;
  readonly wireBytes: Counter;
  readonly inflatedBytes: Counter;
  readonly inFlight: Gauge;
  readonly duration: Histogram;

  constructor(registry: Registry, budget: ByteBudget) {
    const registers = [registry];
    this.requests = new Counter({
      name: 'halfopen_collector_requests_total',
      help: 'Answers, by HTTP status; health and metrics routes aside',
      labelNames: ['status'],
      registers,
    });
    this.refusals = new Counter({
      name: 'halfopen_collector_refusals_total',
      help: 'Requests that were not taken, by reason',
      labelNames: ['code'],
      registers,
    });
    this.spans = new Counter({
      name: 'halfopen_collector_spans_total',
      help: 'Spans that were durable when their 200 was sent',
      registers,
    });
    this.wireBytes = new Counter({
      name: 'halfopen_collector_wire_bytes_total',
      help: 'Bytes of bodies read whole, as sent',
      registers,
    });
    this.inflatedBytes = new Counter({
      name: 'halfopen_collector_inflated_bytes_total',
      help: 'Bytes of the same bodies once inflated',
      registers,
    });
    this.inFlight = new Gauge({
      name: 'halfopen_collector_in_flight_requests',
      help: 'Requests from their headers to their answer',
      registers,
    });
    new Gauge({
      name: 'halfopen_collector_in_flight_bytes',
      help: 'Bytes of bodies held, from their first byte until the stream has them',
      registers,
      collect() {
        this.set(budget.bytesHeld);
      },
    });
    this.duration = new Histogram({
      name: 'halfopen_collector_request_duration_seconds',
      help: 'From the headers of a request to its answer, whatever it is',
      buckets: DURATION_BUCKETS_S,
      registers,
    });
  }
}
