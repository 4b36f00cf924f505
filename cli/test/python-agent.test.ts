import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { LIVE_FAULTS, LiveFleet } from '@halfopen/lab';
import type { Incident } from '@halfopen/telemetry';
import { afterwards } from './afterwards.js';
import { ROOT } from './docs/pages.js';
import { temporaryFolder, up, type Up } from './halfopen.js';
import { until } from './until.js';

const run = promisify(execFile);

/** Of each agent, before anything is broken: rules hold a channel against what it did before. */
const ACKNOWLEDGED = 4;
const AGENTS = 3;

async function rows<Row>({ apiUrl }: Up, query: string): Promise<Row[]> {
  const response = await fetch(`${apiUrl}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, format: 'JSONEachRow' }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

/** All that did more than inform. */
async function incidents({ apiUrl }: Up): Promise<Incident[]> {
  const response = await fetch(`${apiUrl}/api/v1/incidents?status=all`);
  const { incidents: all } = (await response.json()) as { incidents: Incident[] };
  return all.filter(({ severity }) => severity !== 'info');
}

/** Frames that are through, by what they are. */
const THROUGH = `SELECT kind, direction, toUInt32(count()) AS count FROM frame_journeys
  WHERE channel_id = {channel} AND seen_by = ['agent', 'server'] AND failure = ''
    AND enqueued_at IS NOT NULL AND written_at IS NOT NULL AND received_at IS NOT NULL
    AND (kind != 'command' OR execution_ended_at IS NOT NULL AND ack_sent_at IS NOT NULL AND ack_received_at IS NOT NULL)
  GROUP BY ALL`;

/** What has to be through before anything is broken. A server's ping and the agent's pong share an id. */
const WANTED: Readonly<Record<string, number>> = {
  'hello to_server': 1,
  'config to_agent': 1,
  'heartbeat to_server': 2,
  'command to_agent': ACKNOWLEDGED,
  'ack to_server': ACKNOWLEDGED,
  'result to_server': ACKNOWLEDGED,
  'ping to_agent': 1,
  'pong to_server': 1,
};

test('an agent in Python: both ends tell of one channel, and when its handler dies, that is what is said', async (t) => {
  const { stdout: python } = await run(process.execPath, [join(ROOT, 'scripts', 'setup', 'python.mjs')]);
  const data = await temporaryFolder(t);
  const config = join(data, 'live.yaml');
  await writeFile(config, 'rules: { intervalMs: 1000, exporterDelayMs: 1500 }\nlog: { level: error }\n');
  const running = await up(data, '--config', config);
  const fleet = await LiveFleet.start({
    agents: AGENTS,
    collectorUrl: running.collectorUrl,
    python: python.trim(),
  });
  afterwards(t, () => fleet.stop());
  const channel = fleet.channels.at(-1) ?? '';
  const of = (query: string): string => query.replaceAll('{channel}', `'${channel}'`);

  let seen = '';
  await until(
    'frames of every kind reach the other end, and commands are executed and acknowledged',
    async () => {
      const through = await rows<{ kind: string; direction: string; count: number }>(running, of(THROUGH));
      const counts = new Map(through.map(({ kind, direction, count }) => [`${kind} ${direction}`, count]));
      seen = JSON.stringify([...counts]);
      return (
        Object.entries(WANTED).every(([what, count]) => (counts.get(what) ?? 0) >= count) &&
        fleet.acknowledged >= AGENTS * ACKNOWLEDGED
      );
    },
    () => seen,
  );
  const connections = await rows<{ connection_id: string; ends: string[] }>(
    running,
    of(`SELECT connection_id, arraySort(groupUniqArray(channel_end)) AS ends FROM channel_states
        WHERE channel_id = {channel} GROUP BY connection_id`),
  );
  assert.deepEqual(
    connections.map(({ ends }) => ends),
    [['agent', 'server']],
    'one connection, which both ends call by one name',
  );
  assert.match(connections[0]?.connection_id ?? '', /^[0-9a-f]{16}$/);
  const split = await rows(
    running,
    of(`SELECT channel_end, direction, frame_id FROM frames WHERE channel_id = {channel}
        GROUP BY ALL HAVING uniqExact(trace_id) != 1`),
  );
  assert.deepEqual(split, [], "a frame's stages at one end are one trace");
  assert.deepEqual(await incidents(running), [], 'no false alarm');

  await fleet.set('handler-dead', channel, true);
  let fired: Incident[] = [];
  await until('an incident', async () => {
    fired = await incidents(running);
    return fired.length > 0;
  });
  const rules: readonly string[] = LIVE_FAULTS['handler-dead'].rules;
  for (const { rule, channels, hypotheses } of fired) {
    assert.deepEqual(channels, [channel]);
    assert.ok(rules.includes(rule), rule);
    assert.equal(hypotheses[0]?.cause, 'handler-dead');
  }
  assert.equal(fired[0]?.rule, 'zombie-handler', 'its worker is known to have ended');

  await fleet.stop();
  const [last] = await rows<Record<string, [number, number]>>(running, of(LAST));
  for (const [what, [written, received]] of Object.entries(last ?? {})) {
    assert.ok(written > 0, what);
    assert.equal(received, written, what);
  }
  assert.equal((await running.stop('SIGTERM')).code, 0);
});

/** Written at one end, received at the other, by the last states of both. */
const LAST = `SELECT ${[
  ['agent', 'frames'],
  ['agent', 'bytes'],
  ['agent', 'heartbeats'],
  ['agent', 'acks'],
  ['server', 'frames'],
  ['server', 'bytes'],
  ['server', 'commands'],
  ['server', 'control'],
]
  .map(([from = '', what = '']) => {
    const last = (end: string, way: string) =>
      `toUInt32(argMaxIf(assumeNotNull(${way}_${what}), seen_at, channel_end = '${end}'))`;
    return `[${last(from, 'tx')}, ${last(from === 'agent' ? 'server' : 'agent', 'rx')}] AS ${what}_of_${from}`;
  })
  .join(', ')} FROM channel_states WHERE channel_id = {channel}`;
