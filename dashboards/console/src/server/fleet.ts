import type { ChannelRow, FleetAnswer, IncidentBrief } from '../contract.js';
import { clickhouseTime } from '@halfopen/store';
import type { Ask } from './ask.js';

/** More channels than anybody scrolls through: past it the list says so, and SQL is the way. */
export const CHANNELS_MAX = 20_000;
/** All viewers share an answer that is younger. */
const FRESH_MS = 2_000;
/** Judging takes at most this share of a core; the moments of frames and queues move on in between. */
const JUDGING_SHARE_MAX = 0.2;
/** Telemetry as young as this is of a fleet that is running now (as in `explain`). */
const LIVE_MS = 600_000;
/** Fleets of other instants that are kept. */
const PAST_MAX = 8;

type Judged = Omit<ChannelRow, 'incidents'>;

/** A judgement that is older by so much is shown to nobody. */
const STALE_MS = 20_000;

interface Judgement {
  readonly at_ms: number;
  readonly live: boolean;
  readonly rows: Map<string, Judged>;
  /** When it is time for the next. */
  readonly until_ms: number;
}

/** How every channel stands. Costs nothing while nobody looks. */
export class Fleet {
  #judged: Judgement | undefined;
  #judging: Promise<Judgement> | undefined;
  #answer: { answer: FleetAnswer; until_ms: number } | undefined;
  #asking: Promise<FleetAnswer> | undefined;
  readonly #past = new Map<number, Promise<FleetAnswer>>();

  constructor(
    private readonly ask: Ask,
    private readonly firing: () => Promise<readonly IncidentBrief[]>,
    private readonly now: () => number = Date.now,
  ) {}

  /** Now, or, when what is stored is old, as it ended. */
  async current(): Promise<FleetAnswer> {
    if (this.#answer !== undefined && this.now() < this.#answer.until_ms) return this.#answer.answer;
    this.#asking ??= this.#refresh().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** As it stood at an instant. */
  async at(at_ms: number): Promise<FleetAnswer> {
    const known = this.#past.get(at_ms);
    if (known !== undefined) return known;
    const answer = this.#judge(at_ms).then((rows) => toldOf(rows, at_ms, false, []));
    this.#past.set(at_ms, answer);
    answer.catch(() => this.#past.delete(at_ms));
    const [oldest] = this.#past.keys();
    if (this.#past.size > PAST_MAX && oldest !== undefined) this.#past.delete(oldest);
    return answer;
  }

  /** A row that is at hand and speaks of about that instant. */
  row(id: string, at_ms: number, within_ms: number): ChannelRow | undefined {
    const { answer } = this.#answer ?? {};
    if (answer === undefined || Math.abs(answer.at_ms - at_ms) > within_ms) return undefined;
    return answer.channels.find((row) => row.id === id);
  }

  async #refresh(): Promise<FleetAnswer> {
    const known = this.#judged;
    const judged =
      known === undefined || this.now() > known.until_ms + STALE_MS ? await this.#judgeAgain() : known;
    // Whoever waits gets what is known; the next one gets what is found meanwhile.
    if (this.now() >= judged.until_ms) this.#judgeAgain().catch(() => undefined);
    const at_ms = judged.live ? this.now() : judged.at_ms;
    if (judged.live) await this.#move(judged.rows, at_ms);
    const answer = toldOf([...judged.rows.values()], at_ms, judged.live, await this.firing());
    this.#answer = { answer, until_ms: this.now() + FRESH_MS };
    return answer;
  }

  #judgeAgain(): Promise<Judgement> {
    this.#judging ??= this.#judgeNow().finally(() => {
      this.#judging = undefined;
    });
    return this.#judging;
  }

  async #judgeNow(): Promise<Judgement> {
    const began_ms = performance.now();
    const { at_ms, live } = await this.#instant();
    const rows = new Map((await this.#judge(at_ms)).map((row) => [row.id, row]));
    const took_ms = performance.now() - began_ms;
    this.#judged = { at_ms, live, rows, until_ms: this.now() + took_ms / JUDGING_SHARE_MAX };
    return this.#judged;
  }

  /** Rules and `explain` mean the same instant. */
  async #instant(): Promise<{ at_ms: number; live: boolean }> {
    const [row] = await this.ask.rows<{ last_ms: number }>(LAST, {});
    const now_ms = this.now();
    const last_ms = Math.min(row?.last_ms ?? 0, now_ms);
    if (last_ms === 0 || now_ms - last_ms < LIVE_MS) return { at_ms: now_ms, live: true };
    return { at_ms: Math.ceil(last_ms / 1000) * 1000, live: false };
  }

  #judge(at_ms: number): Promise<Judged[]> {
    return this.ask.rows<Judged>(JUDGED, { at: clickhouseTime(at_ms) });
  }

  async #move(rows: Map<string, Judged>, at_ms: number): Promise<void> {
    const moved = await this.ask.rows<Moved>(MOVED, { at: clickhouseTime(at_ms) });
    for (const { id, ...fresh } of moved) {
      const row = rows.get(id);
      if (row !== undefined) rows.set(id, moveOn(row, fresh));
    }
  }
}

function toldOf(
  rows: readonly Judged[],
  at_ms: number,
  live: boolean,
  firing: readonly IncidentBrief[],
): FleetAnswer {
  const incidents = new Map<string, string[]>();
  for (const { id, channels } of firing) {
    for (const channel of channels) incidents.set(channel, [...(incidents.get(channel) ?? []), id]);
  }
  const channels = rows
    .slice(0, CHANNELS_MAX)
    .map((row) => ({ ...row, incidents: incidents.get(row.id) ?? [] }));
  return { at_ms, live, channels, truncated: rows.length > CHANNELS_MAX };
}

interface Moved {
  readonly id: string;
  readonly heard_ms: number;
  readonly last_to_agent_ms: number | null;
  readonly last_to_server_ms: number | null;
  readonly queue: number | null;
  readonly queue_oldest_ms: number | null;
  readonly heartbeat_ms: number | null;
}

/** Moments only go forward; a queue is as last told. */
function moveOn(row: Judged, fresh: Omit<Moved, 'id'>): Judged {
  return {
    ...row,
    heard_ms: later(row.heard_ms, fresh.heard_ms),
    last_to_agent_ms: later(row.last_to_agent_ms, fresh.last_to_agent_ms),
    last_to_server_ms: later(row.last_to_server_ms, fresh.last_to_server_ms),
    heartbeat_ms: later(row.heartbeat_ms, fresh.heartbeat_ms),
    queue: fresh.queue ?? row.queue,
    queue_oldest_ms: fresh.queue_oldest_ms ?? row.queue_oldest_ms,
  };
}

function later(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

const LAST = `
SELECT max(last_ms) AS last_ms
FROM
(
    SELECT toUnixTimestamp64Milli(max(seen_at)) AS last_ms FROM channel_states
    UNION ALL SELECT toUnixTimestamp64Milli(max(seen_at)) FROM connection_events
    UNION ALL SELECT toUnixTimestamp64Milli(max(seen_at)) FROM expected_channels
)`;

const ms = (column: string): string => `toUnixTimestamp64Milli(${column})`;

/** The view does the judging; an answer is bounded by one channel more than is told. */
const JUDGED = `
SELECT
    channel_id AS id,
    state,
    why,
    to_agent,
    to_server,
    ${ms('last_to_agent_at')} AS last_to_agent_ms,
    ${ms('last_to_server_at')} AS last_to_server_ms,
    queue_depth AS queue,
    fleet.queue_oldest_ms AS queue_oldest_ms,
    if(heartbeat_age_s IS NULL, NULL, ${ms('{at:DateTime64(3)}')} - toInt64(assumeNotNull(heartbeat_age_s) * 1000)) AS heartbeat_ms,
    nullIf(greatest(ifNull(${ms('server_seen_at')}, 0), ifNull(${ms('agent_seen_at')}, 0)), 0) AS heard_ms,
    silent_end,
    site,
    gateway,
    agent_version AS version,
    transport
FROM fleet_at(at = {at:DateTime64(3)}) AS fleet
ORDER BY channel_id
LIMIT ${CHANNELS_MAX + 1}`;

/** What moves between two judgements, from the last two minutes of states: one pass, no joins. */
const MOVED_S = 120;
const MOVED = `
SELECT
    channel_id AS id,
    max(state_ms) AS heard_ms,
    maxIf(state_ms - rx_age, channel_end = 'agent' AND rx_age >= 0) AS last_to_agent_ms,
    maxIf(state_ms - rx_age, channel_end = 'server' AND rx_age >= 0) AS last_to_server_ms,
    maxOrNull(depth) AS queue,
    maxOrNull(oldest_ms) AS queue_oldest_ms,
    maxIf(state_ms - last_seen_age, channel_end = 'server' AND last_seen_age >= 0) AS heartbeat_ms
FROM
(
    SELECT
        channel_id,
        channel_end,
        toUnixTimestamp64Milli(max(seen_at)) AS state_ms,
        argMax(toInt64(ifNull(rx_age_ms, -1)), seen_at) AS rx_age,
        argMax(queue_depth, seen_at) AS depth,
        argMax(channel_states.queue_oldest_ms, seen_at) AS oldest_ms,
        argMax(toInt64(ifNull(last_seen_age_ms, -1)), seen_at) AS last_seen_age
    FROM channel_states
    WHERE seen_at <= {at:DateTime64(3)}
        AND seen_at > {at:DateTime64(3)} - INTERVAL ${MOVED_S} SECOND
        AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes({at:DateTime64(3)} - INTERVAL ${MOVED_S} SECOND)
    GROUP BY channel_id, channel_end
)
GROUP BY channel_id`;
