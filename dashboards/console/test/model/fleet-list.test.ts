import assert from 'node:assert/strict';
import test from 'node:test';
import type { ChannelRow } from '../../src/contract.js';
import { countStates, facet, matches, orderOf, SORTS, type FleetChoice } from '../../src/model/fleet-list.js';

const row = (id: string, given: Partial<ChannelRow> = {}): ChannelRow => ({
  id,
  state: 'up',
  why: '',
  to_agent: 'works',
  to_server: 'works',
  last_to_agent_ms: 1,
  last_to_server_ms: 1,
  queue: 0,
  queue_oldest_ms: 0,
  heartbeat_ms: 1,
  heard_ms: 1,
  silent_end: '',
  site: 'site-a',
  gateway: 'gw-1',
  version: '1.4.0',
  transport: 'websocket',
  incidents: [],
  ...given,
});
const ALL: FleetChoice = {
  text: '',
  states: [],
  site: '',
  version: '',
  gateway: '',
  sort: 'state',
  descending: false,
};

test('the worst comes first, and equals go by name as people count', () => {
  const rows = [
    row('agent-10'),
    row('agent-2'),
    row('x', { state: 'silent' }),
    row('y', { state: 'asymmetric' }),
    row('z', { incidents: ['i'] }),
  ];
  assert.deepEqual(orderOf(rows, ALL), ['y', 'x', 'z', 'agent-2', 'agent-10']);
  assert.deepEqual(orderOf(rows, { ...ALL, sort: 'id', descending: true }), [
    'z',
    'y',
    'x',
    'agent-10',
    'agent-2',
  ]);
});

test('every order takes unknown values, and keeps every row', () => {
  const rows = [
    row('a', { queue: null, heartbeat_ms: null, last_to_agent_ms: null, to_agent: '' }),
    row('b', { queue: 3 }),
  ];
  for (const sort of SORTS)
    for (const descending of [true, false])
      assert.equal(orderOf(rows, { ...ALL, sort, descending }).length, 2);
  assert.deepEqual(orderOf(rows, { ...ALL, sort: 'queue' }), ['b', 'a']);
});

test('a filter finds every word, wherever it stands', () => {
  const broken = row('agent-3', { state: 'asymmetric', why: "the agent's handler is dead", site: 'lyon' });
  const found = (text: string) => matches(broken, { ...ALL, text });
  assert.deepEqual(['AGENT-3', 'handler lyon', 'lyon paris', 'websocket'].map(found), [
    true,
    true,
    false,
    true,
  ]);
  assert.equal(matches(broken, { ...ALL, states: ['up', 'down'] }), false);
  assert.equal(matches(broken, { ...ALL, site: 'lyon', version: '1.4.0', gateway: 'gw-1' }), true);
});

test('facets count', () => {
  const rows = [row('a'), row('b', { site: 'site-b', state: 'down' }), row('c', { site: '' })];
  assert.deepEqual(
    facet(rows, ({ site }) => site),
    [
      ['site-a', 1],
      ['site-b', 1],
    ],
  );
  assert.deepEqual(
    [...countStates(rows)],
    [
      ['up', 2],
      ['down', 1],
    ],
  );
});
