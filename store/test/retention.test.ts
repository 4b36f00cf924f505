import assert from 'node:assert/strict';
import test from 'node:test';
import { dropExpired, type Store } from '../src/index.js';
import { spansBatch, type TestSpan } from './spans.js';
import { temporaryStore } from './temporary-store.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-10-15T12:00:00Z');

const CHANNEL = { 'channel.id': 'agent-1', 'channel.end': 'agent' };
const FRAME = { ...CHANNEL, 'frame.direction': 'to_agent', 'frame.stage': 'receive' };
const KINDS: readonly TestSpan[] = [
  { name: 'frame.receive', traceId: 'aa', attributes: { ...FRAME, 'frame.outcome': 'pending' } },
  { name: 'frame.receive', attributes: { ...FRAME, 'frame.kind': 'heartbeat', 'frame.outcome': 'ok' } },
  { name: 'channel.state', attributes: CHANNEL },
  { name: 'channel.close', attributes: CHANNEL },
  { name: 'channel.expected', attributes: CHANNEL },
  { name: 'listener.state' },
];

const INCIDENT_TABLES = [
  'incident_acknowledgements',
  'incident_transitions',
  'notification_attempts',
  'notification_receivers',
  'notification_routes',
  'silence_changes',
];

/** Rows in every table, inserted so many days ago; the spans themselves are of 1970. */
async function insertDaysAgo(store: Store, days: number): Promise<void> {
  const insertedAt = Math.floor((NOW_MS - days * DAY_MS) / 1000);
  await store.insert(spansBatch(KINDS.map((span) => ({ ...span, insertedAt }))), `days-${days}`);
  const ownRows = ['ingest_ledger', 'dead_letters', 'dead_letter_messages', 'dead_letter_offers'];
  for (const table of [...ownRows, ...INCIDENT_TABLES]) {
    await store.command(`INSERT INTO ${table} (inserted_at) SELECT toDateTime(${insertedAt})`);
  }
}

async function daysKept(store: Store): Promise<Record<string, string[]>> {
  const rows = await store.query<{ table: string; days: string[] }>(
    `SELECT table, arraySort(groupUniqArray(partition)) AS days FROM system.parts
     WHERE active AND database = 'default' AND table NOT IN ('schema_migrations', 'rules_terms') GROUP BY table ORDER BY table`,
  );
  return Object.fromEntries(rows.map(({ table, days }) => [table, days]));
}

test('days of insertion older than the retention are dropped, in every table, and no other', async (t) => {
  const store = await temporaryStore(t);
  for (const days of [31, 30, 8, 7, 0]) await insertDaysAgo(store, days);
  const before = await daysKept(store);
  const tables = await store.query<{ name: string }>(
    `SELECT name FROM system.tables
     WHERE database = 'default' AND engine LIKE '%MergeTree' AND name NOT IN ('schema_migrations', 'rules_terms') ORDER BY name`,
  );
  assert.deepEqual(
    Object.keys(before),
    tables.map(({ name }) => name),
    'each table has rows',
  );

  const dropped = await dropExpired(store, { telemetry: 7, incidents: 30 }, NOW_MS);

  const telemetry = ['2026-10-08', '2026-10-15'];
  const incidents = ['2026-09-15', '2026-10-07', '2026-10-08', '2026-10-15'];
  for (const [table, days] of Object.entries(await daysKept(store))) {
    assert.deepEqual(days, INCIDENT_TABLES.includes(table) ? incidents : telemetry, table);
  }
  assert.equal(dropped.length, 3 * (tables.length - INCIDENT_TABLES.length) + INCIDENT_TABLES.length);
  assert.ok(dropped.includes('frames 2026-09-14') && dropped.includes('incident_transitions 2026-09-14'));
  assert.deepEqual(await dropExpired(store, { telemetry: 7, incidents: 30 }, NOW_MS), []);
});

test('an empty store has nothing to drop', async (t) => {
  const store = await temporaryStore(t);
  assert.deepEqual(await dropExpired(store, { telemetry: 0, incidents: 0 }, NOW_MS), []);
});
