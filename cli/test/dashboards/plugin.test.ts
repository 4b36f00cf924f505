import assert from 'node:assert/strict';
import test from 'node:test';
import { ALL, expand, type Page } from './plugin.js';

const PAGE: Page = {
  fromMs: 1_790_856_000_123,
  toMs: 1_790_857_800_456,
  interval_s: 15,
  variables: { site: ['site-a', "o'brien"], version: ALL, channel: 'agent-1', empty: '' },
};

for (const [what, sql, expected] of [
  [
    'a range on a column',
    'WHERE $__timeFilter(seen_at)',
    'WHERE seen_at >= toDateTime(1790856000) AND seen_at <= toDateTime(1790857800)',
  ],
  [
    'an expression as the column',
    '$__timeFilter(toDateTime(a, b))',
    'toDateTime(a, b) >= toDateTime(1790856000) AND toDateTime(a, b) <= toDateTime(1790857800)',
  ],
  [
    'an interval on a column',
    'SELECT $__timeInterval(seen_at) AS time',
    'SELECT toStartOfInterval(toDateTime(seen_at), INTERVAL 15 second) AS time',
  ],
  ['the ends of the range', '$__fromTime, $__toTime', 'toDateTime(1790856000), toDateTime(1790857800)'],
  ['seconds of an interval', 'sum(x) / $__interval_s', 'sum(x) / 15'],
  [
    'a condition on what is chosen',
    '$__conditionalAll(site IN (${site:sqlstring}), $site) AND 1',
    "site IN ('site-a','o''brien') AND 1",
  ],
  [
    'no condition where everything is chosen',
    '$__conditionalAll(version IN (${version:sqlstring}), $version)',
    '1=1',
  ],
  ['no condition where nothing is', '$__conditionalAll(x = ${empty:sqlstring}, ${empty})', '1=1'],
  ['one value', 'channel_id = ${channel:sqlstring}', "channel_id = 'agent-1'"],
] as const) {
  test(`expands ${what}`, () => {
    assert.equal(expand(sql, PAGE), expected);
  });
}

test('what is no macro of ours, or no variable of the page, is told', () => {
  assert.throws(() => expand('SELECT $__lttb(a)', PAGE), /\$__lttb is no macro/);
  assert.throws(() => expand('SELECT $__rateColumns(a)', PAGE), /is no macro/);
  assert.throws(() => expand('${nobody:sqlstring}', PAGE), /no variable nobody/);
  assert.throws(() => expand("'$channel'", PAGE), /\$channel is no macro/);
  assert.throws(() => expand('$__timeFilter(a', PAGE), /not closed/);
  assert.throws(() => expand('$__timeFilter(a, b)', PAGE), /one argument/);
});
