import type { Ingest } from '@halfopen/ingest';
import type { RulesStatus, RunningRules } from '@halfopen/rules';
import type { KafkaProgress, KafkaRangeConsumer } from '@halfopen/stream';
import { collectDefaultMetrics, Counter, Gauge, type Registry } from 'prom-client';
import type { Pipeline } from './pipeline.js';
import type { RuleShelf } from './rule-shelf.js';

type IngestCounters = ReturnType<Ingest['counters']>;

/** What the process tells of its parts beside the collector's own metrics. Read from the parts at each scrape. */
export function addPipelineMetrics(registry: Registry, pipeline: Pipeline): void {
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({ name, help, registers: [registry], collect: setter(read) });
  };
  gauge(
    'halfopen_stream_pending_records',
    'Messages published and not yet stored.',
    () => pipeline.stream.consumer.lag().records,
  );
  gauge(
    'halfopen_stream_pending_bytes',
    'Bytes published and not yet stored.',
    () => pipeline.stream.consumer.lag().bytes,
  );
  gauge(
    'halfopen_ingest_lag_seconds',
    'Age of the oldest message not yet stored.',
    () => lagMs(pipeline, Date.now()) / 1000,
  );
  gauge('halfopen_ingest_failing', '1 while storing fails and is tried again.', () =>
    pipeline.ingest.status().state === 'failing' ? 1 : 0,
  );
  addIngestCounters(registry, () => pipeline.ingest.counters());
}

/** How evaluation goes; NaN where another process evaluates. */
export function addRulesMetrics(registry: Registry, rules: () => RunningRules | undefined): void {
  const started_ms = Date.now();
  const gauge = (name: string, help: string, read: (status: RulesStatus) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const status = rules()?.status();
        this.set(status === undefined ? NaN : read(status));
      },
    });
  };
  gauge(
    'halfopen_rules_instant_seconds',
    'Instant of the last evaluation, since the epoch.',
    ({ lastInstantMs = 0 }) => lastInstantMs / 1000,
  );
  gauge(
    'halfopen_rules_evaluation_age_seconds',
    'How far the last evaluation is behind the present: ingestion, exporters, and evaluations that fail.',
    ({ lastInstantMs = started_ms }) => (Date.now() - lastInstantMs) / 1000,
  );
  gauge(
    'halfopen_rules_duration_seconds',
    'What the last evaluation took.',
    ({ lastDurationMs = 0 }) => lastDurationMs / 1000,
  );
  for (const [key, help] of [
    ['evaluations', 'Evaluations of the rules since the start.'],
    ['failures', 'Evaluations that failed since the start.'],
  ] as const)
    new Counter({
      name: `halfopen_rules_${key}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(rules()?.status()[key] ?? 0);
      },
    });
}

/** Whether the rule files are in force, and the SQL in them answers. */
export function addRuleFileMetrics(registry: Registry, shelf: () => RuleShelf | undefined): void {
  const gauge = (name: string, help: string, read: (shelf: RuleShelf) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const found = shelf();
        this.set(found === undefined ? NaN : read(found));
      },
    });
  };
  gauge(
    'halfopen_rules_files_valid',
    '0 while the rule files are wrong, and the rules before them go on.',
    (found) => (found.status().mistake === undefined ? 1 : 0),
  );
  gauge('halfopen_rules_in_force', 'Rules that are evaluated.', (found) => found.book().rules.length);
  gauge(
    'halfopen_rules_sql_failing',
    'Rules whose SQL got no answer at its last look.',
    (found) =>
      found
        .book()
        .rules.filter(({ expression }) => expression.kind === 'sql' && expression.status().failures > 0)
        .length,
  );
}

/** What `halfopen rules` tells of where it stands. */
export function addOfficeMetrics(
  registry: Registry,
  office: { readonly term: () => number | undefined; readonly progress: () => KafkaProgress | undefined },
): void {
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number | undefined): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read() ?? NaN);
      },
    });
  };
  gauge('halfopen_rules_active', '1 where this process judges, 0 where another does.', () =>
    office.term() === undefined ? 0 : 1,
  );
  gauge('halfopen_rules_term', 'Number of its term.', () => office.term());
  gauge('halfopen_stream_pending_records', 'Messages published and not yet stored, by any ingest.', () =>
    office.progress()?.pending(),
  );
  gauge('halfopen_ingest_lag_seconds', 'How far behind the present all is stored.', () => {
    const until = office.progress()?.storedUntilMs();
    return until === undefined ? undefined : Math.max(0, Date.now() - until) / 1000;
  });
}

/** What `halfopen ingest` tells; nothing before its work has begun. */
export function addIngestMetrics(
  registry: Registry,
  parts: () => { readonly ingest: Ingest; readonly consumer: KafkaRangeConsumer } | undefined,
): void {
  collectDefaultMetrics({ register: registry });
  const gauge = (
    name: string,
    help: string,
    read: (found: NonNullable<ReturnType<typeof parts>>) => number,
  ): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const found = parts();
        if (found === undefined) this.reset();
        else this.set(read(found));
      },
    });
  };
  gauge(
    'halfopen_stream_pending_records',
    'Messages of its partitions that are not yet stored.',
    ({ consumer }) => consumer.lag().records,
  );
  gauge(
    'halfopen_stream_fetched_bytes',
    'Bytes fetched and not yet stored.',
    ({ consumer }) => consumer.lag().bytes,
  );
  gauge(
    'halfopen_stream_partitions',
    'Partitions that it is assigned.',
    ({ consumer }) => consumer.status().partitions,
  );
  gauge(
    'halfopen_stream_lost_to_retention',
    "Messages that the topic's retention took before they were stored.",
    ({ consumer }) => Number(consumer.status().lostToRetention),
  );
  gauge(
    'halfopen_ingest_lag_seconds',
    'Age of the oldest message fetched and not yet stored.',
    ({ consumer }) => {
      const oldest = consumer.lag().oldestAppendedAtMs;
      return oldest === undefined ? 0 : Math.max(0, Date.now() - oldest) / 1000;
    },
  );
  gauge('halfopen_ingest_failing', '1 while storing fails and is tried again.', ({ ingest }) =>
    ingest.status().state === 'failing' ? 1 : 0,
  );
  addIngestCounters(registry, () => parts()?.ingest.counters());
}

function addIngestCounters(registry: Registry, read: () => IngestCounters | undefined): void {
  for (const [name, help] of Object.entries(INGESTED))
    new Counter({
      name: `halfopen_ingest_${snakeCase(name)}_total`,
      help: `${help} since the start.`,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read()?.[name as keyof IngestCounters] ?? 0);
      },
    });
}

const INGESTED: Readonly<Record<keyof IngestCounters, string>> = {
  ranges: 'Blocks of messages stored',
  records: 'Messages stored',
  bytes: 'Bytes of messages stored',
  resent: 'Messages dropped since they had been stored before,',
  spans: 'Spans stored',
  deadLetters: 'Messages put aside as unreadable, in the table dead_letters,',
  deadLettersCut: 'Of those, messages that could not be kept whole,',
  failures: 'Attempts to store that failed',
};

function setter(read: () => number): (this: Gauge) => void {
  return function (this: Gauge) {
    this.set(read());
  };
}

/** Age of the oldest message not yet stored, ms: rules must not look further. */
export function lagMs(pipeline: Pipeline, now: number): number {
  const oldest = pipeline.stream.consumer.lag().oldestAppendedAtMs;
  return oldest === undefined ? 0 : Math.max(0, now - oldest);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
