import assert from 'node:assert/strict';
import test from 'node:test';
import { ask, served } from './served.js';

/** A reset is a race: often enough to meet it, were it there. */
const TIMES = 30;

test('a refusal is read by the client though its bytes are still on their way', async (t) => {
  const { url } = await served(t, {
    guard: ({ secret }) => (secret === 'right' ? undefined : 'secret-wrong'),
  });
  const long = 'x'.repeat(8_000_000);
  const allowed = { Authorization: 'Bearer right' };
  for (let time = 0; time < TIMES; time++) {
    const answers = await Promise.all([
      ask(url, { body: long }),
      ask(url, { body: long, headers: allowed }),
      ask(`${url}/?x=${'y'.repeat(1_000_000)}`),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [403, 413, 431],
    );
  }
});
