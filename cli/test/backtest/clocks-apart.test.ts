import assert from 'node:assert/strict';
import test from 'node:test';
import { brief, judged } from './simulated.js';

/** Faults that strike at 180 s, each on a channel of its own; the other channels are healthy. */
const FAULTS = [
  { name: 'handler-dead', channels: ['agent-1'], honest: false },
  { name: 'frames-lost', channels: ['agent-2'] },
  { name: 'writer-stalled', channels: ['agent-3'] },
] as const;

const CLOCKS = [
  ['agent', 30],
  ['agent', -30],
  ['server', 30],
  ['server', -30],
] as const;

for (const [end, ahead_s] of CLOCKS) {
  const way = `${Math.abs(ahead_s)} s ${ahead_s > 0 ? 'ahead' : 'behind'}`;
  test(`the ${end}'s clock is ${way}: faults have their cause first, healthy channels no incident`, async (t) => {
    const { incidents, truth, after_s } = await judged(
      t,
      {
        channels: 5,
        faults: FAULTS,
        benign: [{ name: 'clock-skew', end, forMs: ahead_s * 1000 }],
      },
      { from_s: 105, to_s: 355, step_s: 25 },
    );
    const causes = new Map(truth.map(({ channel, cause }) => [channel, cause]));
    const explained = incidents.map((incident) => [
      ...incident.channels,
      incident.hypotheses[0]?.cause,
      incident.severity === 'info',
    ]);
    assert.deepEqual(
      explained,
      incidents.map(({ channels: [channel] }) => [channel, causes.get(channel ?? ''), false]),
      incidents.map(brief).join('\n'),
    );
    assert.deepEqual([...new Set(incidents.flatMap(({ channels }) => channels))].sort(), [...causes.keys()]);
    for (const { fired_at } of incidents) assert.ok(after_s(fired_at) > 180 - Math.abs(ahead_s), fired_at);
  });
}
