import { clickhouseTime, type Store } from '@halfopen/store';
import { duplicateSignals } from './duplicate-signals.js';
import { heartbeatSignals } from './heartbeat-signals.js';
import { EVERY_CHANNEL, oneOf } from './scope.js';
import { COUNTING_SLACK_MS, MISSED_BEATS, suspectsQuery } from './suspects-sql.js';
import { NEVER, ROUNDING_MS } from './suspect-ends.js';

/** Rows of one evaluation: two cores are used where they are idle, and ingestion comes first where not. */
const TWO_THREADS = { max_threads: 2 };

/** More channels than this are asked for their heartbeats in one go: naming them would cost more. */
const NAMED_MAX = 500;

/** A channel on which a rule might fire; unless it is certain, for want of heartbeats alone. */
interface Suspicion extends EndBeats<'server'>, EndBeats<'agent'> {
  readonly channel_id: string;
  readonly certain: 0 | 1;
  /** Least that an end has reported; {@link NEVER} where none has. */
  readonly interval_ms: number;
  readonly timeout_ms: number;
  /** Age of the server's record of the agent; -1 unobserved. */
  readonly record_ms: number;
}

/** When an end first counted its last heartbeat: 0 where it has counted none, -1 where it does not count or is not open. */
type EndBeats<End extends string> = Readonly<
  Record<`${End}_beat_ms` | `${End}_connected_ms` | `${End}_now_ms`, number>
>;

interface BeatSpans {
  readonly channel_id: string;
  readonly received_ms: number | null;
  readonly written_ms: number | null;
  readonly median_gap_s: number | null;
}

/**
 * The channels on which a rule might fire at an instant: all on which one does, and few others (ADR 0017). A function of
 * (store, instant), at the cost of one pass over two narrow tables.
 *
 * @param instant_ms ms since the epoch
 */
export async function readSuspects(store: Store, instant_ms: number): Promise<string[]> {
  const [suspicions, duplicates] = await Promise.all([
    store.query<Suspicion>(suspectsQuery(instant_ms), { settings: TWO_THREADS }),
    readDuplicates(store, instant_ms),
  ]);
  const uncertain = suspicions.filter(({ certain }) => certain === 0);
  const spans =
    uncertain.length === 0 ? new Map<string, BeatSpans>() : await readBeats(store, instant_ms, uncertain);
  const suspects = suspicions
    .filter((suspicion) => suspicion.certain === 1 || missesBeats(suspicion, spans.get(suspicion.channel_id)))
    .map(({ channel_id }) => channel_id);
  return [...suspects, ...duplicates];
}

/** Counters do not tell of one frame that two executors took: its spans do. */
async function readDuplicates(store: Store, instant_ms: number): Promise<string[]> {
  const rows = await store.query<{ channel_id: string }>(
    `SELECT channel_id FROM (${duplicateSignals(EVERY_CHANNEL)})`,
    { params: { at: clickhouseTime(instant_ms) }, settings: TWO_THREADS },
  );
  return rows.map(({ channel_id }) => channel_id);
}

async function readBeats(
  store: Store,
  instant_ms: number,
  suspicions: readonly Suspicion[],
): Promise<Map<string, BeatSpans>> {
  const scope =
    suspicions.length > NAMED_MAX ? EVERY_CHANNEL : oneOf(suspicions.map(({ channel_id }) => channel_id));
  const rows = await store.query<BeatSpans>(
    `SELECT channel_id, toUnixTimestamp64Milli(received_at) AS received_ms, toUnixTimestamp64Milli(written_at) AS written_ms, median_gap_s
     FROM (${heartbeatSignals(scope)})`,
    { params: { at: clickhouseTime(instant_ms) }, settings: TWO_THREADS },
  );
  return new Map(rows.map((row) => [row.channel_id, row]));
}

/** As `heartbeat-gap` judges, by whichever end shows the greater gap. */
function missesBeats(suspicion: Suspicion, spans: BeatSpans | undefined): boolean {
  const interval_ms = intervalMs(suspicion, spans);
  if (interval_ms === undefined) return false;
  const gaps_ms = [
    gapMs(suspicion, 'server', spans?.received_ms ?? null),
    gapMs(suspicion, 'agent', spans?.written_ms ?? null),
    suspicion.record_ms,
  ];
  return Math.max(...gaps_ms) >= MISSED_BEATS * interval_ms - ROUNDING_MS;
}

/** As `heartbeatIntervalS` of derive.ts has it, or less. */
function intervalMs(suspicion: Suspicion, spans: BeatSpans | undefined): number | undefined {
  if (suspicion.interval_ms < Number(NEVER)) return suspicion.interval_ms;
  const median_s = spans?.median_gap_s ?? null;
  if (median_s !== null && median_s > 0) return median_s * 1000;
  return suspicion.timeout_ms < Number(NEVER) ? suspicion.timeout_ms / 3 : undefined;
}

/** As `gap` of derive.ts has it. */
function gapMs(suspicion: Suspicion, end: 'server' | 'agent', span_ms: number | null): number {
  const counted_ms = suspicion[`${end}_beat_ms`];
  if (counted_ms < 0) return -1;
  const beat_ms = span_ms !== null && span_ms >= counted_ms - COUNTING_SLACK_MS ? span_ms : counted_ms;
  return suspicion[`${end}_now_ms`] - Math.max(beat_ms, suspicion[`${end}_connected_ms`]);
}
