import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { record, simulate, type BenignName } from '@halfopen/lab';
import type { EmbeddedStore } from '@halfopen/store';
import { opened } from '../facts/stored.js';
import { sample } from '../halfopen.js';

interface Row {
  readonly channel_id: string;
  readonly state: string;
  readonly to_agent: string;
  readonly to_server: string;
}

const BEGIN_MS = Date.parse('2026-10-01T12:00:00Z');

/** Channels that the view does not call up. */
async function notUp(store: EmbeddedStore, at_s: number): Promise<Row[]> {
  return store.query<Row>(
    `SELECT channel_id, state, to_agent, to_server FROM fleet_at(at = fromUnixTimestamp64Milli({at:Int64}))
     WHERE state != 'up' ORDER BY channel_id`,
    { params: { at: BEGIN_MS + at_s * 1000 } },
  );
}

/** What the view says of the recordings a minute and a half after their fault, and of the channels beside it. */
const EXPECTED: Readonly<Record<string, readonly Row[]>> = {
  healthy: [],
  'handler-dead-both-ends': [
    { channel_id: 'agent-3', state: 'asymmetric', to_agent: 'fails', to_server: 'works' },
  ],
  'host-reader-dead': [{ channel_id: 'agent-2', state: 'asymmetric', to_agent: 'works', to_server: 'fails' }],
  // Commands and acknowledgements pass: only heartbeats are missing, and that is the rule's word.
  'heartbeat-not-started': [],
  'asymmetric-server-only': [
    { channel_id: 'agent-7', state: 'asymmetric', to_agent: 'fails', to_server: 'works' },
  ],
  'listener-down': ['agent-0', 'agent-1', 'agent-2'].map((channel_id) => ({
    channel_id,
    state: 'down',
    to_agent: '',
    to_server: '',
  })),
};

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`fleet_at says of the recording ${name} what is so`, async (t) => {
    const { store, load } = await opened(t);
    await load(sample(name));
    assert.deepEqual(await notUp(store, 280), expected);
  });
}

/** What looks most like trouble and is none. */
const LOOKS_LIKE_TROUBLE = ['long-command', 'deploy', 'clock-skew', 'spans-lost'] satisfies BenignName[];

for (const name of LOOKS_LIKE_TROUBLE) {
  test(`fleet_at calls no channel broken under ${name}`, async (t) => {
    const { store, folder, load } = await opened(t);
    const file = join(folder, 'recording.jsonl.gz');
    await record(simulate({ seed: 1, channels: 4, benign: [{ name }] }), file);
    await load(file);
    for (const at_s of [120, 240, 360, 480, 600])
      assert.deepEqual(await notUp(store, at_s), [], `after ${at_s} s`);
  });
}
