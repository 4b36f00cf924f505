import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RULE_NAMES, RULES, SEVERITIES } from '@halfopen/telemetry';
import { receiversFor, type Route, type Routing } from '../../src/routing/routing.js';

const kindOf = (name: string) =>
  name.startsWith('pd') ? 'pagerduty' : name.startsWith('hook') ? 'webhook' : undefined;
const route = (over: Partial<Route>): Route => ({ receivers: ['pd'], continue: false, ...over });
const ZOMBIE = { rule: 'zombie-handler', severity: 'critical', sites: ['site-a', 'site-b'] } as const;
const told = (incident: Parameters<typeof receiversFor>[0], routes: Route[], otherwise: string[] = []) =>
  receiversFor(incident, { routes, otherwise }, kindOf);

test('each condition must hold, by any of its values; an absent one holds', () => {
  assert.deepEqual(told(ZOMBIE, [route({})]), ['pd']);
  assert.deepEqual(told(ZOMBIE, [route({ severities: ['error', 'critical'], sites: ['site-b'] })]), ['pd']);
  assert.deepEqual(told(ZOMBIE, [route({ severities: ['error'], sites: ['site-b'] })]), []);
  assert.deepEqual(told(ZOMBIE, [route({ sites: ['site-c'] })]), []);
  assert.deepEqual(told({ ...ZOMBIE, sites: [] }, [route({ sites: ['site-a'] })]), []);
  assert.deepEqual(told(ZOMBIE, [route({ rules: ['heartbeat-gap'] })]), []);
});

test('the first route that matches is the last, unless it says to go on; the default is for what no route takes', () => {
  const routes = [
    route({ sites: ['site-a'], receivers: ['pd-a'], continue: true }),
    route({ severities: ['critical'], receivers: ['hook', 'pd-b'] }),
    route({ receivers: ['pd-c'] }),
  ];
  assert.deepEqual(told(ZOMBIE, routes, ['pd-d']), ['hook', 'pd-a', 'pd-b']);
  assert.deepEqual(told({ ...ZOMBIE, severity: 'error' }, routes, ['pd-d']), ['pd-a', 'pd-c']);
  assert.deepEqual(told({ ...ZOMBIE, severity: 'error' }, routes.slice(1, 2), ['pd-d']), ['pd-d']);
});

test('a gap in telemetry reaches a webhook that asks for it by name, and nobody else', () => {
  const gap = { rule: 'telemetry-gap', severity: 'info', sites: [] } as const;
  const both = ['hook', 'pd'];
  assert.deepEqual(told(gap, [], both), []);
  assert.deepEqual(told(gap, [route({ receivers: both })]), []);
  assert.deepEqual(told(gap, [route({ receivers: both, severities: ['info'] })]), ['hook']);
  assert.deepEqual(told(gap, [route({ receivers: both, rules: ['telemetry-gap'] })]), ['hook']);
});

test('a rule that does not page by itself pages where a route names it', () => {
  const flapping = { rule: 'flapping-channel', severity: 'warning', sites: [] } as const;
  assert.deepEqual(told(flapping, [], ['hook', 'pd']), ['hook']);
  assert.deepEqual(told(flapping, [route({ severities: ['warning'] })]), []);
  assert.deepEqual(told(flapping, [route({ rules: ['flapping-channel'] })]), ['pd']);
  assert.deepEqual(told({ ...flapping, rule: 'a-rule-of-somebody' }, [route({})]), ['pd']);
});

test('a receiver that is no more is told nothing', () => {
  assert.deepEqual(told(ZOMBIE, [route({ receivers: ['gone', 'pd'] })]), ['pd']);
});

test('no routing pages what only informs', () => {
  const names = fc.subarray(['pd', 'pd-a', 'hook']);
  const someRoute: fc.Arbitrary<Route> = fc.record({
    severities: fc.option(fc.subarray([...SEVERITIES]), { nil: undefined }),
    sites: fc.option(fc.subarray(['site-a', 'site-b']), { nil: undefined }),
    rules: fc.option(fc.subarray([...RULE_NAMES]), { nil: undefined }),
    receivers: names,
    continue: fc.boolean(),
  });
  const routing: fc.Arbitrary<Routing> = fc.record({ routes: fc.array(someRoute), otherwise: names });
  fc.assert(
    fc.property(
      routing,
      fc.constantFrom(...RULE_NAMES),
      fc.constantFrom(...SEVERITIES),
      (any, rule, severity) => {
        const chosen = receiversFor({ rule, severity, sites: ['site-a'] }, any, kindOf);
        assert.deepEqual(chosen, [...new Set(chosen)].sort());
        if (severity === 'info' || !RULES[rule].pages) {
          const named = any.routes.some((one) => one.rules?.includes(rule) ?? false);
          if (severity === 'info' || rule === 'telemetry-gap' || !named)
            assert.ok(!chosen.some((name) => name.startsWith('pd')));
        }
      },
    ),
  );
});
