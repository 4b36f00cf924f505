import assert from 'node:assert/strict';
import test from 'node:test';
import type { Verdict } from '../../src/detection/verdict.js';
import type { ChannelSignals } from '../../src/signals/signals.js';
import { ago, channelSignals } from '../channel-signals.js';

/** `clear`, `undetermined`, or firing since so many seconds ago, in words that match. */
type Expected = 'clear' | 'undetermined' | readonly [since_s: number, says: RegExp];

/** In words; what differs from a channel on which everything is well; what the rule must find. */
type Case = readonly [what: string, seen: Partial<ChannelSignals>, expected: Expected];

/** A test per case. */
export function judges(
  name: string,
  rule: (signals: ChannelSignals) => Verdict,
  cases: readonly Case[],
): void {
  for (const [what, seen, expected] of cases) {
    const word = typeof expected === 'string' ? expected : `firing for ${expected[0]} s`;
    test(`${name}: ${what}: ${word}`, () => {
      holds(rule(channelSignals(seen)), expected);
    });
  }
}

function holds(verdict: Verdict, expected: Expected): void {
  if (typeof expected === 'string') {
    assert.deepEqual(verdict, { state: expected });
    return;
  }
  const [since_s, says] = expected;
  assert.ok(verdict.state === 'firing', `it is ${verdict.state}`);
  assert.match(verdict.headline, says);
  assert.equal(verdict.since_ms, ago(since_s));
}
