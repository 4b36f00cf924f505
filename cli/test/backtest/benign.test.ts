import assert from 'node:assert/strict';
import test from 'node:test';
import type { Scenario } from '@halfopen/lab';
import { brief, judged, type Look } from './simulated.js';

/** What must never raise an alarm: nothing but a telemetry-gap, where one is true, which pages nobody. */
interface Harmless {
  readonly what: string;
  readonly scenario: Partial<Scenario>;
  readonly look: Look;
  /** Channels with a telemetry-gap; who speaks again leaves it. */
  readonly gaps?: readonly string[];
}

const ALL = ['agent-0', 'agent-1', 'agent-2'];
/** From well before what happens at 180 s to well after. */
const LOOK: Look = { from_s: 150, to_s: 400, step_s: 25 };
const DOWN = { atMs: 180_000, untilMs: 420_000 };
const SERVER_ALONE = { observers: ['server'] } as const;

const HARMLESS: readonly Harmless[] = [
  {
    what: 'a healthy fleet from its first minute on',
    scenario: {},
    look: { from_s: 5, to_s: 255, step_s: 25 },
  },
  {
    what: 'a healthy fleet of which the server alone tells',
    scenario: SERVER_ALONE,
    look: { from_s: 5, to_s: 155, step_s: 25 },
  },
  {
    what: 'a fleet under load',
    scenario: { benign: [{ name: 'load' }] },
    look: { from_s: 30, to_s: 180, step_s: 25 },
  },
  { what: 'idle channels', scenario: { benign: [{ name: 'idle' }] }, look: LOOK },
  {
    what: 'a command of five minutes',
    scenario: { benign: [{ name: 'long-command', channels: ['agent-1'], atMs: 120_000, forMs: 300_000 }] },
    look: LOOK,
  },
  { what: 'a deploy that closes all with 1012', scenario: { benign: [{ name: 'deploy' }] }, look: LOOK },
  {
    what: 'a deploy that closes all with 1001, of which the server alone tells',
    scenario: { ...SERVER_ALONE, benign: [{ name: 'deploy', variant: 'away' }] },
    look: LOOK,
  },
  {
    what: 'an agent that is removed',
    scenario: { benign: [{ name: 'agent-removed', channels: ['agent-1'] }] },
    look: { from_s: 150, to_s: 900, step_s: 75 },
  },
  {
    what: "an agent's exporter that is down",
    scenario: { benign: [{ name: 'exporter-down', channels: ['agent-1'], ...DOWN }] },
    look: LOOK,
    gaps: ['agent-1'],
  },
  {
    what: "the server's exporter that is down",
    scenario: { benign: [{ name: 'exporter-down', end: 'server', ...DOWN }] },
    look: LOOK,
    gaps: ALL,
  },
  {
    what: 'the exporter of a server that alone tells of the fleet, down',
    scenario: { ...SERVER_ALONE, benign: [{ name: 'exporter-down', end: 'server', ...DOWN }] },
    look: { from_s: 200, to_s: 500, step_s: 25 },
    gaps: ALL,
  },
  {
    what: 'a collector that is down for everybody',
    scenario: {
      benign: [
        { name: 'exporter-down', end: 'server', channels: ALL, ...DOWN },
        { name: 'exporter-down', end: 'agent', channels: ALL, ...DOWN },
      ],
    },
    look: { from_s: 200, to_s: 500, step_s: 25 },
    gaps: ALL,
  },
  {
    what: 'a fifth of all spans lost',
    scenario: { benign: [{ name: 'spans-lost' }] },
    look: { from_s: 60, to_s: 360, step_s: 25 },
  },
];

for (const { what, scenario, look, gaps = [] } of HARMLESS) {
  test(`${what}: no alarm`, async (t) => {
    const { incidents } = await judged(t, { channels: 3, ...scenario }, look);
    const told = incidents.filter(({ rule }) => rule === 'telemetry-gap');
    assert.deepEqual(incidents.filter((incident) => !told.includes(incident)).map(brief), []);
    assert.ok(told.every(({ severity }) => severity === 'info'));
    assert.equal(told.length > 0, gaps.length > 0, 'silence is told, and nothing else is silence');
    assert.ok(told.every(({ channels }) => channels.every((channel) => gaps.includes(channel))));
  });
}
