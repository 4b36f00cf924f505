import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Incident } from '@halfopen/telemetry';
import { halfopen, sample, temporaryFolder } from './halfopen.js';

/** The recordings begin here; where a fault strikes in mid-run, it does so at 12:03:00. */
const FROM = '2026-10-01T12:00:00Z';
const TO = '2026-10-01T12:12:00Z';
const FAULT_MS = Date.parse('2026-10-01T12:03:00Z');

/** Imports one recording into a data directory of its own and backtests it, all by the command itself. */
async function judged(t: TestContext, name: string): Promise<{ incidents: Incident[]; stdout: string }> {
  const data = await temporaryFolder(t);
  const imported = await halfopen('import', sample(name), '--data', data);
  assert.equal(imported.code, 0, imported.stderr);
  const { code, stdout, stderr } = await halfopen(
    'rules',
    'backtest',
    '--from',
    FROM,
    '--to',
    TO,
    '--json',
    '--data',
    data,
  );
  assert.equal(code, 0, stderr);
  const incidents = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Incident);
  for (const incident of incidents) assertWellFormed(incident);
  return { incidents, stdout };
}

function assertWellFormed(incident: Incident): void {
  const total = incident.hypotheses.reduce((sum, { probability }) => sum + probability, 0);
  assert.ok(Math.abs(total - 1) <= 0.001, `probabilities add up to ${total}`);
  assert.ok(incident.hypotheses.some(({ cause }) => cause === 'unknown-cause'));
  const ids = [...incident.facts, ...incident.unknowns].map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, 'ids are unique');
  const known = new Set(ids);
  for (const { for: speaksFor, against } of incident.hypotheses) {
    for (const id of [...speaksFor, ...against]) assert.ok(known.has(id), `${id} is a fact`);
  }
  assert.ok(
    incident.facts.some(({ observed }) => observed),
    'an incident has a symptom',
  );
}

function only(incidents: readonly Incident[], rule: string, channel: string): Incident {
  const found = incidents.filter((incident) => incident.rule === rule && incident.channels.includes(channel));
  const [incident] = found;
  assert.ok(incident !== undefined && found.length === 1, `one ${rule} on ${channel}, not ${found.length}`);
  return incident;
}

const causes = (incident: Incident) => incident.hypotheses.map(({ cause }) => cause);
const affected = (incidents: readonly Incident[]) =>
  [...new Set(incidents.flatMap(({ channels }) => channels))].sort();
const firedAfterFaultS = (incident: Incident) => (Date.parse(incident.fired_at) - FAULT_MS) / 1000;

test('healthy: no incident', async (t) => {
  assert.deepEqual((await judged(t, 'healthy')).incidents, []);
});

test('handler-dead-both-ends: agent-3, handler-dead first, within two minutes', async (t) => {
  const { incidents } = await judged(t, 'handler-dead-both-ends');
  assert.deepEqual(affected(incidents), ['agent-3']);
  for (const rule of ['asymmetric-channel', 'zombie-handler']) {
    const incident = only(incidents, rule, 'agent-3');
    assert.equal(causes(incident)[0], 'handler-dead');
    assert.ok(firedAfterFaultS(incident) > 0 && firedAfterFaultS(incident) <= 120, incident.fired_at);
    assert.ok(Math.abs(Date.parse(incident.started_at) - FAULT_MS) <= 30_000, incident.started_at);
  }
});

test('host-reader-dead: zombie-handler on agent-2, reader-dead first', async (t) => {
  const { incidents } = await judged(t, 'host-reader-dead');
  assert.deepEqual(affected(incidents), ['agent-2']);
  const incident = only(incidents, 'zombie-handler', 'agent-2');
  assert.equal(causes(incident)[0], 'reader-dead');
  assert.ok(firedAfterFaultS(incident) > 0 && firedAfterFaultS(incident) <= 60, incident.fired_at);
  assert.match(incident.summary, /claimed to be connected while the server's reader is dead/);
});

test('heartbeat-not-started: heartbeat-gap before the first close, then flapping, on agent-5 alone', async (t) => {
  const { incidents } = await judged(t, 'heartbeat-not-started');
  assert.deepEqual(affected(incidents), ['agent-5']);
  const gap = only(incidents, 'heartbeat-gap', 'agent-5');
  assert.equal(causes(gap)[0], 'heartbeat-not-started');
  assert.ok(Date.parse(gap.fired_at) - Date.parse(FROM) <= 90_000, gap.fired_at);
  const flapping = only(incidents, 'flapping-channel', 'agent-5');
  assert.equal(causes(flapping)[0], 'heartbeat-not-started');
  assert.match(
    flapping.summary,
    /the configured limit is 90 s/,
    'the measured period stands beside the limit',
  );
  assert.deepEqual(incidents.map(({ rule }) => rule).sort(), ['flapping-channel', 'heartbeat-gap']);
});

test('asymmetric-server-only: what one end cannot tell apart stays open, and the next step would tell', async (t) => {
  const { incidents } = await judged(t, 'asymmetric-server-only');
  assert.deepEqual(affected(incidents), ['agent-7']);
  const incident = only(incidents, 'asymmetric-channel', 'agent-7');
  const firstThree = causes(incident).slice(0, 3);
  assert.ok(firstThree.includes('handler-dead') && firstThree.includes('frames-lost'), firstThree.join());
  assert.ok(incident.hypotheses.every(({ probability }) => probability <= 0.8));
  const { discriminates, outcomes } = incident.next_step;
  assert.ok(
    discriminates.includes('handler-dead') && discriminates.includes('frames-lost'),
    discriminates.join(),
  );
  assert.ok(outcomes.some(({ then }) => then.includes('handler-dead') && !then.includes('frames-lost')));
  assert.ok(outcomes.some(({ then }) => then.includes('frames-lost') && !then.includes('handler-dead')));
  assert.ok(
    incident.unknowns.some(({ statement }) => statement.includes('the agent end sends no telemetry')),
  );
});

test('listener-down: one never-connected incident for the three, listener-down first; told again in the same bytes', async (t) => {
  // A second data directory holds the same telemetry: nothing of an incident may come from where or when it was stored.
  const [{ incidents, stdout }, again] = await Promise.all([
    judged(t, 'listener-down'),
    judged(t, 'listener-down'),
  ]);
  assert.equal(stdout, again.stdout);
  assert.equal(incidents.length, 1);
  const incident = only(incidents, 'never-connected', 'agent-0');
  assert.deepEqual(incident.channels, ['agent-0', 'agent-1', 'agent-2']);
  assert.deepEqual(incident.shared, { attribute: 'server.address', value: 'control.example:443' });
  assert.equal(causes(incident)[0], 'listener-down');
});

test('a recording imported twice is stored once', async (t) => {
  const data = await temporaryFolder(t);
  const first = await halfopen('import', sample('listener-down'), '--data', data);
  const second = await halfopen('import', sample('listener-down'), '--data', data);
  assert.match(
    first.stdout,
    /^412 spans in \d+ requests from listener-down\.jsonl\.gz \(none of them stored before\)\n$/,
  );
  assert.match(second.stdout, /\(all of them stored before\)\n$/);
  const counted = await halfopen('sql', 'SELECT count() FROM otel_traces', '--format', 'TSV', '--data', data);
  assert.equal(counted.stdout, '412\n');
});
