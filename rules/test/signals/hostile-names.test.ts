import assert from 'node:assert/strict';
import test from 'node:test';
import { gatherEvidence } from '../../src/probes/probes.js';
import { temporaryStore } from '../temporary-store.js';
import { signalsAt, state, tell } from '../told.js';

const NAMES: Readonly<Record<string, string>> = {
  'a quote': "it's",
  'a backslash': 'back\\slash\\',
  'an escaped quote': "\\'",
  'a line and a comment': 'a\n;--',
  'an end of the call': "x'), channel = ''",
  'a parameter': '{channel:String}',
  'another script': '\u{1F600} агент',
  'ten thousand characters': "'\\".repeat(5_000),
};

for (const [what, channel] of Object.entries(NAMES)) {
  test(`a channel whose name has ${what} is read as it is, and its facts query it`, async (t) => {
    const store = await temporaryStore(t);
    await state(store, 'server', 0, { id: channel, 'tx.commands': 1, 'queue.depth': 7 });
    await state(store, 'server', 0, { id: 'another', 'tx.commands': 2 });
    await tell(store, 'channel.connect', 1, {
      'channel.id': channel,
      'channel.end': 'agent',
      'channel.connect.outcome': 'refused',
    });
    const signals = await signalsAt(store, 5, channel);
    assert.equal(signals?.channel, channel);
    const facts = Object.values(gatherEvidence(signals)).filter((reading) => reading.value !== 'unobserved');
    assert.ok(facts.length >= 4);
    for (const { sql } of facts) assert.equal((await store.query(sql)).length, 1, sql.slice(0, 200));
    const writes = await store.query<{ queue_depth: number }>(
      facts.find(({ sql }) => sql.includes('queue_depth'))?.sql ?? '',
    );
    assert.deepEqual(writes, [{ queue_depth: 7, queue_oldest_ms: null }]);
  });
}
