import assert from 'node:assert/strict';
import test from 'node:test';

import { observe, type Observed, type Query } from '../observed.js';

const FLEET = { channels: 3, durationMs: 400_000 };

function attempts(observed: Observed, query: Query): string[] {
  return observed.named('channel.connect', query).map(({ attributes: a }) =>
    ['outcome', 'phase']
      .map((name) => a[`channel.connect.${name}`])
      .concat(a['http.response.status_code'] ?? a['error.type'] ?? [])
      .join(' '),
  );
}

test('listener-down: the server says so, every attempt is answered 502, with growing waits', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'listener-down' }] });
  const listener = observed.named('listener.state');
  assert.ok(listener.length > 3);
  assert.ok(listener.every(({ attributes }) => attributes['listener.up'] === false));
  for (const channel of ['agent-0', 'agent-1', 'agent-2']) {
    const all = attempts(observed, { channel, end: 'agent' });
    assert.ok(all.length > 5 && all.every((attempt) => attempt === 'rejected upgrade 502'));
    assert.equal(observed.last('channel.connected', 'agent', { channel }), false);
  }
  const times = observed.named('channel.connect', { channel: 'agent-0' }).map(({ start }) => start);
  const waits = times.slice(1, 7).map((time, index) => Math.round(time - (times[index] ?? 0)));
  assert.deepEqual(waits, [2, 4, 8, 16, 30, 30]);
});

test('listener-down in mid-run, nothing answering, until it is mended', () => {
  const fault = { name: 'listener-down', variant: 'refused', atMs: 100_000, untilMs: 250_000 } as const;
  const observed = observe({ ...FLEET, faults: [fault] });
  assert.deepEqual(
    observed
      .named('listener.state')
      .map(({ attributes }) => attributes['listener.up'])
      .filter((up, index, all) => up !== all[index - 1]),
    [true, false, true],
  );
  assert.ok(attempts(observed, { channel: 'agent-1', since: 101 }).includes('refused tcp ECONNREFUSED'));
  assert.equal(observed.last('channel.connected', 'agent', { channel: 'agent-1' }), true);
});

test('proxy-misroute: the listener is up, something else answers', () => {
  for (const status of [404, 400, 200]) {
    const observed = observe({ ...FLEET, faults: [{ name: 'proxy-misroute', status }] });
    assert.deepEqual(new Set(attempts(observed, {})), new Set([`rejected upgrade ${status}`]));
    assert.ok(observed.named('listener.state').every(({ attributes }) => attributes['listener.up'] === true));
  }
});

test('auth-rejected: one agent is refused at the upgrade, in TLS or at the hello; the server reports the first and the last', () => {
  for (const [variant, attempt, seen] of [
    ['upgrade', 'rejected upgrade 401', true],
    ['tls', 'rejected tls certificate_expired', false],
    ['hello', 'rejected hello unauthorized', true],
  ] as const) {
    const observed = observe({
      ...FLEET,
      faults: [{ name: 'auth-rejected', variant, channels: ['agent-1'] }],
    });
    assert.deepEqual(new Set(attempts(observed, { channel: 'agent-1', end: 'agent' })), new Set([attempt]));
    assert.equal(attempts(observed, { channel: 'agent-1', end: 'server' }).length > 0, seen, variant);
    assert.deepEqual(attempts(observed, { channel: 'agent-0', end: 'agent' }), ['ok upgrade']);
  }
});
