import { clickhouseTime, quoted } from '@halfopen/store';
import type { ChannelSignals, EndName } from '../signals/signals.js';

/** What a probe sees. Missing telemetry is never evidence: what nobody could see is `unobserved`, with the reason. */
export type Reading =
  | {
      readonly value: 'yes' | 'no';
      readonly statement: string;
      readonly sql: string;
      /** The progress that a `no` rests on happened then, ms since the epoch; absent where it speaks of the present. */
      readonly as_of_ms?: number;
      /** The symptom that a `yes` tells of has lasted since then at least, ms since the epoch; absent where nobody knows. */
      readonly since_ms?: number;
    }
  | { readonly value: 'unobserved'; readonly statement: string };

/**
 * A question about one channel whose answer is a symptom: `yes` is what a healthy channel does not show. Probes of one
 * group see the same thing from several sides, so that the diagnosis counts a group once.
 */
export interface ProbeDefinition {
  readonly group: string;
  /** What is asked, in words. */
  readonly question: string;
  /** What to do to observe it where it is unobserved, and what each answer would look like. */
  readonly measure: { readonly action: string; readonly yes: string; readonly no: string };
  read(signals: ChannelSignals): Reading;
}

export function seen(statement: string, sql: string, since_ms?: number): Reading {
  return { value: 'yes', statement, sql, ...(since_ms === undefined ? {} : { since_ms }) };
}

export function notSo(statement: string, sql: string, as_of_ms?: number): Reading {
  return { value: 'no', statement, sql, ...(as_of_ms === undefined ? {} : { as_of_ms }) };
}

export function unobserved(statement: string): Reading {
  return { value: 'unobserved', statement };
}

const VIEW_OF = {
  ends: 'end_signals',
  connections: 'connection_signals',
  expectations: 'expectation_signals',
  heartbeats: 'heartbeat_signals',
  pending: 'pending_signals',
  duplicates: 'duplicate_signals',
} as const;

type View = keyof typeof VIEW_OF;

/**
 * The query behind a fact, for this channel and instant: the columns that its statement's numbers stand in, or follow
 * from. Of several views, a row is shown also where only one has something to say.
 */
export function factSql(
  signals: ChannelSignals,
  views: View | readonly [View, ...View[]],
  columns: string,
  end?: EndName,
): string {
  const scope = `(at = '${clickhouseTime(signals.instant_ms)}', channel = ${quoted(signals.channel)})`;
  const [first, ...others] = typeof views === 'string' ? ([views] as const) : views;
  const joined = others.map((view) => ` FULL JOIN ${VIEW_OF[view]}${scope} USING (channel_id)`).join('');
  const only = end === undefined ? '' : ` WHERE channel_end = '${end}'`;
  return `SELECT ${columns} FROM ${VIEW_OF[first]}${scope}${joined}${only}`;
}

/** `12:03:10 UTC` */
export function clock(moment_ms: number): string {
  return `${new Date(moment_ms).toISOString().slice(11, 19)} UTC`;
}

/** `1 command`, `12 commands` */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** `45 s`, `3 min` */
export function duration(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

export const OTHER: Readonly<Record<EndName, EndName>> = { server: 'agent', agent: 'server' };

/** Why an end can't be asked. */
export function silent(signals: ChannelSignals, end: EndName): string {
  const last = signals.ends[end];
  return last === undefined
    ? `the ${end} end sends no telemetry about the channel`
    : `the ${end} end has sent no telemetry since ${clock(last.state_ms)}`;
}
