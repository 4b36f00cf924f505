import assert from 'node:assert/strict';
import test from 'node:test';
import type { CauseName } from '@halfopen/telemetry';
import { BUILT_IN_CAUSES } from '../../src/causes/model.js';
import { SHIPPED } from '../../src/rulefile/book.js';
import { CLEAR, UNDETERMINED, type Verdict } from '../../src/detection/verdict.js';
import { diagnose } from '../../src/diagnosis/diagnose.js';
import type { Finding } from '../../src/incidents/finding.js';
import { advance, type OpenIncidents, type Step } from '../../src/incidents/lifecycle.js';
import { chanceOf, shareScopes, sizeKey, type Sizes } from '../../src/incidents/sharing.js';
import { gatherEvidence } from '../../src/probes/probes.js';
import { channelSignals, endSignals } from '../channel-signals.js';

const RULE = SHIPPED.rules.find(({ name }) => name === 'asymmetric-channel');
assert.ok(RULE !== undefined);
const rule = RULE;
const BEGIN_MS = Date.UTC(2026, 9, 1);
const STEP_MS = 10_000;

/** A channel on which the rule fires: where it is, what its own diagnosis names first, when it began. */
interface Affected {
  readonly site: string;
  readonly cause?: CauseName;
  readonly since_s?: number;
  readonly probability?: number;
}
/** By channel; `clear` or `undetermined` where it does not fire. */
type Seen = Readonly<Record<string, Affected | 'clear' | 'undetermined'>>;

function finding(channel: string, instant_ms: number, affected: Affected): Finding {
  const { site, cause = 'frames-lost', since_s = 0, probability = 0.9 } = affected;
  const server = endSignals({ site, gateway: `gw of ${site}`, agent_version: '1' });
  const signals = channelSignals({ channel, instant_ms, ends: { server } });
  const diagnosis = diagnose(gatherEvidence(signals), BUILT_IN_CAUSES);
  const [first] = diagnosis.hypotheses;
  assert.ok(first !== undefined);
  const hypotheses = [{ ...first, cause, probability }];
  const verdict = { state: 'firing', since_ms: BEGIN_MS + since_s * 1000, headline: 'is broken' } as const;
  return { rule, signals, verdict, diagnosis: { ...diagnosis, hypotheses } };
}

/** Fleets of incident B's kind: 43 agents, sites of three. */
const SIZES: Sizes = {
  channels: 43,
  of: new Map([
    [sizeKey('service.name', 'control-server'), 43],
    [sizeKey('channel.agent.version', '1'), 43],
    ...['north', 'south', 'east'].flatMap((site): [string, number][] => [
      [sizeKey('channel.site', site), 3],
      [sizeKey('channel.gateway', `gw of ${site}`), 3],
    ]),
  ]),
};

function play(...steps: readonly Seen[]): { open: OpenIncidents; steps: readonly Step[] } {
  let open: OpenIncidents = [];
  const played = steps.map((seen, index) => {
    const instant_ms = BEGIN_MS + index * STEP_MS;
    const firing = Object.entries(seen).flatMap(([channel, what]) =>
      typeof what === 'string' ? [] : [finding(channel, instant_ms, what)],
    );
    const verdictOn = (_rule: string, channel: string): Verdict => {
      const what = seen[channel];
      if (what === undefined || what === 'undetermined') return UNDETERMINED;
      if (what === 'clear') return CLEAR;
      return { state: 'firing', since_ms: BEGIN_MS, headline: 'is broken' };
    };
    const step = advance(
      open,
      {
        instant_ms,
        firing,
        causes: BUILT_IN_CAUSES,
        sizes: SIZES,
        shared: shareScopes(firing, SIZES),
        verdictOn,
      },
      [rule],
    );
    open = step.open;
    return step;
  });
  return { open, steps: played };
}

const told = (open: OpenIncidents) =>
  open.map(({ incident }) => [incident.channels.join(), incident.shared?.value ?? null]);
const NORTH: Affected = { site: 'north' };

test('two of the three agents of a site, of 43: one incident, which names the site and the chance', () => {
  const { open } = play({ a: NORTH, b: NORTH });
  assert.deepEqual(told(open), [['a,b', 'north']]);
  const fact = open[0]?.incident.facts.find(({ id }) => id === 'shared-by-site');
  assert.match(
    fact?.statement ?? '',
    /^2 of the 3 channels with channel\.site north show it, and 0 of the 40 others; by chance that is so once in \d+ times$/,
  );
});

test('the third agent of incident B: same symptom, another site, and it stands for itself', () => {
  const { open } = play({ a: NORTH, b: NORTH, c: { site: 'south' } });
  assert.deepEqual(told(open), [
    ['a,b', 'north'],
    ['c', null],
  ]);
});

test('different signatures on one site are never one incident', () => {
  const { open } = play({ a: NORTH, b: { site: 'north', cause: 'handler-dead' } });
  assert.deepEqual(told(open), [
    ['a', null],
    ['b', null],
  ]);
});

test('onsets far apart are not one event', () => {
  const { open } = play({ a: NORTH, b: { site: 'north', since_s: -3600 } });
  assert.equal(open.length, 2);
});

test('site-path-loss and frames-lost are the same signature: they differ by how many they strike', () => {
  const { open } = play({ a: NORTH, b: { site: 'north', cause: 'site-path-loss' } });
  assert.deepEqual(told(open), [['a,b', 'north']]);
});

test('the first incident becomes the one of all: same id, and nobody is told twice', () => {
  const { open, steps } = play({ a: NORTH }, { a: NORTH, b: NORTH }, { a: NORTH, b: NORTH, c: NORTH });
  assert.deepEqual(told(open), [['a,b,c', 'north']]);
  const transitions = steps.flatMap((step) => step.transitions);
  assert.equal(new Set(transitions.map(({ incident }) => incident.id)).size, 1);
  assert.deepEqual(
    transitions.map(({ reason }) => reason),
    ['fired', 'changed', 'changed'],
  );
});

test('an incident of its own that turns out to be shared is over, and its channel a member', () => {
  const { open, steps } = play(
    { a: NORTH, b: { site: 'north', cause: 'handler-dead' } },
    { a: NORTH, b: NORTH },
  );
  assert.deepEqual(told(open), [['a,b', 'north']]);
  const last = steps[1]?.transitions.map(({ status, incident }) => [status, incident.channels.join()]);
  assert.deepEqual(last, [
    ['resolved', 'b'],
    ['firing', 'a,b'],
  ]);
});

test('members join while others are held, and leave as they are clear', () => {
  const { open } = play(
    { a: NORTH, b: NORTH },
    { a: 'undetermined', b: NORTH, c: NORTH },
    { a: 'clear', b: NORTH, c: NORTH },
  );
  assert.deepEqual(told(open), [['b,c', 'north']]);
});

test('a member whose cause turns out to be another one leaves', () => {
  const { open } = play(
    { a: NORTH, b: NORTH, c: NORTH },
    { a: NORTH, b: NORTH, c: { site: 'north', cause: 'handler-dead', probability: 0.95 } },
  );
  assert.deepEqual(told(open), [
    ['a,b', 'north'],
    ['c', null],
  ]);
});

test('all channels of a server at once: the server is named, not one of its sites', () => {
  const seen = Object.fromEntries(
    ['north', 'south', 'east'].flatMap((site) => [1, 2, 3].map((n) => [`${site}-${n}`, { site }])),
  );
  const scopes = shareScopes(
    Object.entries(seen).map(([channel, what]) => finding(channel, BEGIN_MS, what)),
    { channels: 9, of: new Map([...SIZES.of, [sizeKey('service.name', 'control-server'), 9]]) },
  );
  assert.deepEqual(
    [...new Set([...scopes.values()].map(({ shared }) => shared?.attribute))],
    ['service.name'],
  );
});

test('the chance is a binomial tail at the rate of the others', () => {
  const chance = chanceOf({ affected: 2, of: 3, elsewhere: 0, ofElsewhere: 40 });
  const rate = 1 / 50;
  assert.ok(Math.abs(chance - (3 * rate ** 2 * (1 - rate) + rate ** 3)) < 1e-12);
  assert.ok(Math.abs(chanceOf({ affected: 0, of: 7, elsewhere: 3, ofElsewhere: 9 }) - 1) < 1e-12);
  assert.ok(chanceOf({ affected: 900, of: 1000, elsewhere: 0, ofElsewhere: 0 }) < 1e-100);
});
