import { computed, signal } from '@preact/signals';
import type { ChannelRow, DeltaEvent, IncidentBrief, SnapshotEvent } from '../contract.js';
import { readSession } from './http.js';

export interface LiveFleet {
  readonly at_ms: number;
  /** False: a recording, as it ended. */
  readonly live: boolean;
  readonly truncated: boolean;
  readonly rows: ReadonlyMap<string, ChannelRow>;
  readonly incidents: readonly IncidentBrief[];
}

type Connection = 'connecting' | 'open' | 'lost';

/** As shown: it stands still while paused. */
export const fleet = signal<LiveFleet | undefined>(undefined);
export const connection = signal<Connection>('connecting');
export const trouble = signal<string | undefined>(undefined);
export const paused = signal(false);
/** Counts events, for who wants to know that something came. */
export const events = signal(0);

/** The present of what is shown: moves on by the second, stands still with a recording and while paused. */
export const now = signal(Date.now());
export const shownNow = computed(() => {
  const shown = fleet.value;
  return shown === undefined || shown.live ? now.value : shown.at_ms;
});

let latest: LiveFleet | undefined;
let source: EventSource | undefined;
let again: ReturnType<typeof setTimeout> | undefined;
const AGAIN_MS = 5_000;

export function pause(stop: boolean): void {
  paused.value = stop;
  if (!stop) show();
}

function show(): void {
  if (paused.value) return;
  fleet.value = latest;
  now.value = Date.now();
}

setInterval(() => {
  if (!paused.value && document.visibilityState === 'visible') now.value = Date.now();
}, 1000);

export function connect(): void {
  disconnect();
  connection.value = 'connecting';
  const opened = new EventSource('/api/v1/events');
  source = opened;
  opened.addEventListener('snapshot', (event) => {
    const { channels, ...rest } = JSON.parse(event.data as string) as SnapshotEvent;
    latest = { ...rest, rows: new Map(channels.map((row) => [row.id, row])) };
    arrived();
  });
  opened.addEventListener('delta', (event) => {
    if (latest === undefined) return;
    latest = withDelta(latest, JSON.parse(event.data as string) as DeltaEvent);
    arrived();
  });
  opened.addEventListener('trouble', (event) => {
    trouble.value = (JSON.parse(event.data as string) as { error: string }).error;
  });
  opened.addEventListener('open', () => {
    connection.value = 'open';
  });
  opened.addEventListener('error', () => {
    connection.value = 'lost';
    // The browser comes back by itself from a lost line, and never from a refusal.
    if (opened.readyState !== EventSource.CLOSED) return;
    again = setTimeout(() => {
      void readSession().catch(() => undefined);
      connect();
    }, AGAIN_MS);
  });
}

export function disconnect(): void {
  clearTimeout(again);
  source?.close();
  source = undefined;
}

function arrived(): void {
  connection.value = 'open';
  trouble.value = undefined;
  events.value++;
  show();
}

function withDelta(before: LiveFleet, delta: DeltaEvent): LiveFleet {
  const rows = new Map(before.rows);
  for (const row of delta.changed) rows.set(row.id, row);
  for (const id of delta.removed) rows.delete(id);
  return { ...before, at_ms: delta.at_ms, rows, incidents: delta.incidents ?? before.incidents };
}
