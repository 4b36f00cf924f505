import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { record, simulate, type FaultName, type Plan } from '@halfopen/lab';
import { backtest, explain } from '@halfopen/rules';
import { READINGS } from './readings.js';
import { allMisstated } from './shown.js';
import { opened } from './stored.js';

const CHANNEL = 'agent-1';

/** A fault that strikes at 180 s, and when an incident tells the most of it. */
interface Look extends Omit<Plan<FaultName>, 'channels' | 'atMs'> {
  readonly at_s: readonly number[];
}

const LOOKS: readonly Look[] = [
  { at_s: [300], name: 'handler-dead', end: 'agent' },
  { at_s: [210], name: 'handler-dead', end: 'server' },
  { at_s: [300], name: 'handler-stuck', variant: 'serial' },
  { at_s: [270], name: 'handler-stuck', end: 'server' },
  { at_s: [270], name: 'reader-dead', end: 'agent' },
  { at_s: [630], name: 'reader-dead', end: 'server' },
  { at_s: [240], name: 'writer-stalled' },
  { at_s: [320, 340], name: 'event-loop-blocked' },
  { at_s: [240, 270], name: 'server-loop-blocked' },
  { at_s: [240], name: 'frames-lost', direction: 'to_server' },
  { at_s: [240], name: 'network-partition' },
  { at_s: [570], name: 'stale-route' },
  { at_s: [450], name: 'idle-timeout' },
  { at_s: [360], name: 'stream-desync' },
  { at_s: [210], name: 'heartbeat-not-started' },
  { at_s: [240], name: 'heartbeat-unrouted' },
  { at_s: [240], name: 'heartbeat-handler-error' },
  { at_s: [210], name: 'listener-down' },
  { at_s: [210], name: 'listener-down', variant: 'refused' },
  { at_s: [210], name: 'proxy-misroute' },
  { at_s: [210], name: 'auth-rejected' },
  { at_s: [210], name: 'agent-not-running' },
  { at_s: [210], name: 'agent-misconfigured', address: '${CONTROL_HOST}' },
  { at_s: [300], name: 'agent-killed' },
  { at_s: [300], name: 'duplicate-executor' },
  { at_s: [300], name: 'duplicate-executor', variant: 'same' },
];

/** Probes that have said yes. */
const shown = new Set<string>();

for (const { at_s, ...fault } of LOOKS) {
  const words = Object.values(fault).join(' ');
  test(`${words}: every fact's query passes the people's gate and shows what the fact states`, async (t) => {
    const { store, people, folder, load } = await opened(t);
    const simulation = simulate({ seed: 1, channels: 3, faults: [{ ...fault, channels: [CHANNEL] }] });
    const file = join(folder, 'recording.jsonl.gz');
    await record(simulation, file);
    await load(file);
    const looks = [];
    for (const moment_s of at_s)
      looks.push(await explain(store, CHANNEL, simulation.scenario.startMs + moment_s * 1000));
    assert.ok(
      looks.some(({ incidents }) => incidents.length > 0),
      'an incident has these facts',
    );
    const facts = looks.flatMap((look) => look.facts);
    assert.equal(await allMisstated(people, facts), '');
    for (const { id, observed } of facts) if (observed) shown.add(id);
  });
}

test('a fault that a site shares: the fact that says so shows its channels in numbers, and how seldom that is chance', async (t) => {
  const { store, people, folder, load } = await opened(t);
  const simulation = simulate({
    seed: 1,
    channels: 6,
    durationMs: 330_000,
    faults: [{ name: 'site-path-loss' }],
  });
  const file = join(folder, 'recording.jsonl.gz');
  await record(simulation, file);
  await load(file);
  const at_ms = simulation.scenario.startMs + 320_000;
  const incidents = await backtest(store, { fromMs: at_ms - 60_000, toMs: at_ms, stepMs: 30_000 });
  assert.deepEqual(
    incidents.map(({ channels, shared, hypotheses: [first] }) => [
      channels.length,
      shared?.value,
      first?.cause,
    ]),
    [[3, 'site-b', 'site-path-loss']],
  );
  const facts = incidents.flatMap((incident) => incident.facts);
  assert.ok(facts.some(({ id }) => id === 'shared-by-site'));
  assert.equal(await allMisstated(people, facts), '');
  shown.add('shared-by-site');
});

/** What told.test.ts has ends tell. */
const TOLD_BY_HAND = new Set([
  'server-decode-errors',
  'agent-unrouted',
  'agent-handler-errors',
  'server-work-waits',
  'split-connection',
  // halves.test.ts has the others
  'clocks-apart',
  'control-to-agent-lost',
  'others-unconnected',
  'commands-lost-before-relay',
  'acks-missing-at-relay',
  'acks-lost-behind-relay',
  'heartbeats-lost-behind-relay',
]);

test('these faults show every symptom that is not told by hand', () => {
  const missing = Object.keys(READINGS).filter((id) => !shown.has(id) && !TOLD_BY_HAND.has(id));
  assert.deepEqual(missing, []);
});
