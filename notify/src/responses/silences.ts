import type { Silence, SilenceMatchers } from '@halfopen/telemetry';
import { clickhouseTime, type Store } from '@halfopen/store';
import { insertOnce } from '../outbox/insert.js';

/** Longer ones are forgotten by those who made them. */
export const SILENCE_MS_MAX = 30 * 86_400_000;

/** Each is asked of each incident. */
const ACTIVE_MAX = 1000;
const READ_MAX = 1000;

export interface SilenceRequest {
  /** Chosen by whoever asks: the same one again makes no second silence. */
  readonly id: string;
  /** At least one. */
  readonly matchers: SilenceMatchers;
  /** ms since the epoch, after `now` by at most {@link SILENCE_MS_MAX} */
  readonly until: number;
  readonly reason: string;
  readonly by: string;
  /** ms since the epoch */
  readonly now: number;
}

/** @returns undefined where too many are active */
export async function makeSilence(store: Store, request: SilenceRequest): Promise<Silence | undefined> {
  const { id, matchers, until, reason, by, now } = request;
  const active = await readSilences(store, { now, active: true });
  if (active.length >= ACTIVE_MAX) return undefined;
  await change(store, 'made', { id, matchers, at: now, until, reason, by });
  return readSilence(store, id, now);
}

/** Ends one before its time; one that is over stays as it was. @returns undefined where there is none of this id */
export async function endSilence(
  store: Store,
  id: string,
  by: string,
  now: number,
): Promise<Silence | undefined> {
  const silence = await readSilence(store, id, now);
  if (silence?.active !== true) return silence;
  const { matchers, reason } = silence;
  await change(store, 'ended', { id, matchers, at: now, until: Date.parse(silence.until), reason, by });
  return readSilence(store, id, now);
}

interface Change {
  readonly id: string;
  readonly matchers: SilenceMatchers;
  readonly at: number;
  readonly until: number;
  readonly reason: string;
  readonly by: string;
}

function change(store: Store, kind: 'made' | 'ended', { id, matchers, ...one }: Change): Promise<void> {
  const { incident = '', channel = '', site = '', rule = '' } = matchers;
  return insertOnce(
    store,
    'silence_changes (silence_id, change, at, until, incident_id, channel_id, site, rule, reason, by)',
    `SELECT {id:String}, {change:String}, {at:DateTime64(3)}, {until:DateTime64(3)}, {incident:String}, {channel:String},
       {site:String}, {rule:String}, {reason:String}, {by:String}`,
    {
      ...{ id, change: kind, at: clickhouseTime(one.at), until: clickhouseTime(one.until) },
      ...{ incident, channel, site, rule, reason: one.reason, by: one.by },
    },
    `silence ${kind} ${id}`,
  );
}

interface SilenceRow {
  readonly id: string;
  readonly starts_ms: number;
  readonly until_ms: number;
  readonly ended_ms: number | null;
  readonly incident_id: string;
  readonly channel_id: string;
  readonly site: string;
  readonly rule: string;
  readonly reason: string;
  readonly by: string;
  readonly active: number;
}

const SILENCE_COLUMNS = `s.id AS id, toUnixTimestamp64Milli(s.starts_at) AS starts_ms, toUnixTimestamp64Milli(s.until) AS until_ms,
  toUnixTimestamp64Milli(s.ended_at) AS ended_ms, s.incident_id AS incident_id, s.channel_id AS channel_id, s.site AS site,
  s.rule AS rule, s.reason AS reason, s.by AS by, toUInt8(s.ends_at > {now:DateTime64(3)}) AS active`;

/** Newest first. */
export async function readSilences(
  store: Store,
  { now, active }: { now: number; active?: boolean },
): Promise<Silence[]> {
  const rows = await store.query<SilenceRow>(
    `SELECT ${SILENCE_COLUMNS} FROM silences AS s
     WHERE {any:UInt8} = 1 OR (s.ends_at > {now:DateTime64(3)}) = {active:UInt8}
     ORDER BY s.starts_at DESC, s.id LIMIT ${READ_MAX}`,
    {
      params: {
        now: clickhouseTime(now),
        any: active === undefined ? 1 : 0,
        active: active === true ? 1 : 0,
      },
    },
  );
  return rows.map(silenceOf);
}

async function readSilence(store: Store, id: string, now: number): Promise<Silence | undefined> {
  const rows = await store.query<SilenceRow>(
    `SELECT ${SILENCE_COLUMNS} FROM silences AS s WHERE s.id = {id:String}`,
    { params: { id, now: clickhouseTime(now) } },
  );
  return rows.map(silenceOf)[0];
}

/** Those that match the incident, over or not; newest first. */
export async function readSilencesOf(store: Store, incidentId: string, now: number): Promise<Silence[]> {
  const rows = await store.query<SilenceRow>(
    `SELECT ${SILENCE_COLUMNS} FROM silences AS s
     WHERE s.id IN (SELECT silence_id FROM incident_silences WHERE incident_id = {id:String})
     ORDER BY s.starts_at DESC, s.id LIMIT ${READ_MAX}`,
    { params: { id: incidentId, now: clickhouseTime(now) } },
  );
  return rows.map(silenceOf);
}

/** Incidents that a silence holds now, and until when. */
export async function readSilenced(store: Store, now: number): Promise<Map<string, string>> {
  const rows = await store.query<{ id: string; until_ms: number }>(
    `SELECT s.incident_id AS id, toUnixTimestamp64Milli(max(s.ends_at)) AS until_ms FROM incident_silences AS s
     WHERE s.starts_at <= {now:DateTime64(3)} AND s.ends_at > {now:DateTime64(3)} GROUP BY s.incident_id`,
    { params: { now: clickhouseTime(now) } },
  );
  return new Map(rows.map(({ id, until_ms }) => [id, new Date(until_ms).toISOString()]));
}

function silenceOf(row: SilenceRow): Silence {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const given = (name: keyof SilenceMatchers, value: string) => (value === '' ? {} : { [name]: value });
  return {
    id: row.id,
    matchers: {
      ...given('incident', row.incident_id),
      ...given('channel', row.channel_id),
      ...given('site', row.site),
      ...given('rule', row.rule),
    },
    starts_at: iso(row.starts_ms),
    until: iso(row.until_ms),
    ended_at: row.ended_ms === null ? null : iso(row.ended_ms),
    reason: row.reason,
    by: row.by,
    active: row.active === 1,
  };
}
