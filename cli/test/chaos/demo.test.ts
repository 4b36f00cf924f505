import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { LIVE_FAULT_NAMES, LIVE_FAULTS, PagerDutyRecorder, WebhookRecorder } from '@halfopen/lab';
import { afterwards } from '../afterwards.js';
import { halfopen, temporaryFolder, up } from '../halfopen.js';
import { everythingTold, pagesHold } from './pages.js';
import { inData } from './stored-once.js';

interface Outcome {
  readonly fault: keyof typeof LIVE_FAULTS;
  readonly rule: string;
  readonly cause: string;
  readonly probability: number;
  readonly fired_s: number;
  readonly resolved_s: number;
  readonly wrong: readonly string[];
}

test('a live fleet: each fault is explained in time and resolves; a pager that was away is told of all once it is back', async (t) => {
  const data = await temporaryFolder(t);
  const [recorder, outside] = [await new PagerDutyRecorder().listen(), await new WebhookRecorder().listen()];
  afterwards(t, () => Promise.all([recorder.close(), outside.close()]));
  const config = join(data, 'live.yaml');
  await writeFile(
    config,
    `rules: { intervalMs: 1000, exporterDelayMs: 1500 }
log: { level: error }
notifications:
  receivers: [{ name: oncall, kind: pagerduty, routingKey: ${'0a'.repeat(16)}, url: '${recorder.url}' }]
watchdog: { url: '${outside.url}/ping', periodMs: 1000 }
`,
  );
  recorder.failAlways('reset');
  const first = await up(data, '--config', config);
  const faults = LIVE_FAULT_NAMES.flatMap((name) => ['--fault', name]);
  const demo = await halfopen('lab', 'demo', '--json', '--data', data, '--config', config, ...faults);
  const outcomes = demo.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Outcome);
  for (const outcome of outcomes) t.diagnostic(JSON.stringify(outcome));
  assert.deepEqual(
    outcomes.map(({ fault, cause, wrong }) => ({ fault, cause, wrong })),
    LIVE_FAULT_NAMES.map((fault) => ({ fault, cause: LIVE_FAULTS[fault].cause, wrong: [] })),
    demo.stderr,
  );
  assert.equal(demo.code, 0, demo.stderr);
  // The demo allows an `up` that runs already what its rules wait; here it gets no more than its own would.
  for (const { fault, fired_s, resolved_s } of outcomes) {
    assert.ok(fired_s <= LIVE_FAULTS[fault].bound_s + 10, `${fault} fired after ${fired_s} s`);
    assert.ok(resolved_s <= 60, `${fault} resolved after ${resolved_s} s`);
  }

  const metrics = await (await fetch(`${first.apiUrl}/metrics`)).text();
  assert.match(metrics, /^halfopen_notifications_total\{receiver="oncall",outcome="failed"\} [1-9]/m);
  assert.match(metrics, /^halfopen_notifications_owed\{receiver="oncall"\} [1-9]/m);
  assert.match(metrics, /^halfopen_watchdog_pings_total\{outcome="sent"\} [1-9]/m);
  assert.match(metrics, /^halfopen_rules_evaluation_age_seconds [0-9]/m);
  assert.ok(outside.calls.length > 0 && outside.calls.every(({ path }) => path === '/ping'));
  assert.deepEqual(recorder.events, []);

  // A restart forgets how long it had decided to wait, and nothing else.
  assert.equal((await first.stop('SIGTERM')).code, 0);
  recorder.failAlways(undefined);
  const second = await up(data, '--config', config);
  await everythingTold(second);
  assert.equal((await second.stop('SIGTERM')).code, 0);
  const { events } = await inData(data, (query) => pagesHold(query, recorder));
  assert.deepEqual(recorder.open(), []);
  t.diagnostic(`${events} events told to a pager that was away`);
});
