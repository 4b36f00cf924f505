import assert from 'node:assert/strict';
import test from 'node:test';
import { gatherEvidence } from '../../src/probes/probes.js';
import { agentsTell, quietLimitS, writesElsewhere } from '../../src/signals/derive.js';
import { ago, channelSignals, endSignals } from '../channel-signals.js';

test('what came often is missed soon, what came seldom late, and never sooner than a ping may', () => {
  const heard = (frames: number, until_s: number): number =>
    quietLimitS(
      endSignals({ rx_any: frames, rx_any_moved_ms: ago(until_s), connected_ms: ago(300) }),
      'rx_any',
    );
  assert.equal(heard(250, 50), 45); // one a second
  assert.equal(heard(25, 50), 60); // one in ten seconds: six of these
  assert.equal(heard(6, 50), 75);
  assert.equal(heard(3, 50), 75);
  assert.equal(heard(250, 250), 75, 'not enough of it was heard to know');
});

test('what worked before the trouble began is no evidence of what works since', () => {
  // The last pong came before the write that hangs began.
  const server = endSignals({ queue_depth: 3, queue_oldest_ms: 25_000, rx_control_moved_ms: ago(40) });
  const { 'server-writes-stall': stall, 'pings-unanswered': pings } = gatherEvidence(
    channelSignals({ ends: { server, agent: endSignals() } }),
  );
  assert.equal(stall.value, 'yes');
  assert.deepEqual(
    [pings.value, pings.statement.includes('for it was before: pongs come back')],
    ['unobserved', true],
  );
  const later = gatherEvidence(
    channelSignals({ ends: { server: { ...server, rx_control_moved_ms: ago(10) }, agent: endSignals() } }),
  );
  assert.equal(later['pings-unanswered'].value, 'no');
});

test("an agent's silence means something only where most agents of its server tell of themselves", () => {
  const silent = (telling: number) => {
    const { fleet, ends } = channelSignals();
    const populations = new Map([['control-server', { channels: 10, open: 9, telling }]]);
    const server = ends.server === undefined ? {} : { server: ends.server };
    return channelSignals({ ends: server, fleet: { ...fleet, populations } });
  };
  assert.ok(agentsTell(silent(5)));
  assert.ok(!agentsTell(silent(4)));
  const disconnected = { ...silent(0), ends: {}, connections: undefined };
  const evidence = gatherEvidence(disconnected);
  assert.equal(evidence['agent-silent'].value, 'unobserved');
  assert.equal(evidence['no-useful-attempt'].value, 'unobserved');
  assert.equal(evidence['others-unconnected'].value, 'no');
});

test('a server that receives on one connection and writes into another holds a stale route', () => {
  const server = endSignals({
    connected_ms: ago(60),
    tx_any_moved_ms: ago(60),
    tx_anywhere_moved_ms: ago(10),
  });
  assert.ok(writesElsewhere(server));
  assert.ok(!writesElsewhere({ ...server, tx_any_moved_ms: ago(20) }), 'it writes into this one too');
  assert.ok(!writesElsewhere({ ...server, tx_anywhere_moved_ms: ago(50) }), 'a reconnect just over');
  const { 'split-connection': split } = gatherEvidence(
    channelSignals({ ends: { server, agent: endSignals() } }),
  );
  assert.equal(split.value, 'yes');
});
