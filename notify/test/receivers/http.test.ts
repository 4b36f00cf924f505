import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { PagerDutyRecorder, WebhookRecorder, type Mishap } from '@halfopen/lab';
import { pagerDuty, Secret, webhook, type Outcome } from '../../src/index.js';
import { parseRetryAfter, post } from '../../src/receivers/http.js';
import { incident } from '../incidents.js';

const KEY = '0123456789abcdef0123456789ABCDEF';
const NEVER = new AbortController().signal;
const NOTIFICATION = { kind: 'fired', at_ms: 0, incident: incident(), sequence: 1 } as const;

async function told(t: TestContext, mishap: Mishap): Promise<Outcome> {
  const recorder = await new PagerDutyRecorder().listen();
  t.after(() => recorder.close());
  recorder.failNext(mishap);
  return pagerDuty({ name: 'pd', routingKey: new Secret(KEY), url: recorder.url }).deliver(
    NOTIFICATION,
    NEVER,
  );
}

const MEANINGS: readonly (readonly [name: string, mishap: Mishap, result: string, reason?: string])[] = [
  ['202: taken', { status: 202 }, 'delivered'],
  ['200 of something in between', { status: 200, body: '<html>' }, 'failed', 'unexpected-answer'],
  [
    'a redirect is not followed',
    { status: 307, headers: { location: '/v2/enqueue' } },
    'failed',
    'unexpected-answer',
  ],
  ['400: never', { status: 400 }, 'refused'],
  ['404 of a wrong address', { status: 404 }, 'failed', 'unexpected-answer'],
  ['429: slower', { status: 429 }, 'failed', 'throttled'],
  ['500: later', { status: 500 }, 'failed', 'server-error'],
  ['503: later', { status: 503 }, 'failed', 'server-error'],
  ['a cut connection', 'reset', 'failed', 'unreachable'],
];

for (const [name, mishap, result, reason] of MEANINGS) {
  test(`PagerDuty's answers: ${name}`, async (t) => {
    const outcome = await told(t, mishap);
    assert.equal(outcome.result, result);
    if (outcome.result === 'failed') assert.equal(outcome.reason, reason);
  });
}

test("a webhook's answers: any 2xx is delivered, few are final", async (t) => {
  const recorder = await new WebhookRecorder().listen();
  t.after(() => recorder.close());
  const hook = webhook({
    name: 'hook',
    url: new Secret(recorder.url),
    secret: new Secret(`whsec_${'A'.repeat(32)}`),
  });
  const results: Record<number, string> = {};
  for (const status of [200, 204, 302, 400, 401, 404, 410, 422, 429, 500, 503]) {
    recorder.failNext({ status });
    results[status] = (await hook.deliver(NOTIFICATION, NEVER)).result;
  }
  const failed = [302, 401, 404, 429, 500, 503].map((status) => [status, 'failed']);
  const refused = [400, 410, 422].map((status) => [status, 'refused']);
  const delivered = [200, 204].map((status) => [status, 'delivered']);
  assert.deepEqual(results, Object.fromEntries([...delivered, ...failed, ...refused]));
});

test('patience that was asked for is told, in seconds or until a date, within bounds', async (t) => {
  const outcome = await told(t, { status: 429, headers: { 'retry-after': '7' } });
  assert.equal(outcome.result === 'failed' && outcome.retryAfter_ms, 7000);
  const now = Date.parse('2026-10-01T12:00:00Z');
  assert.equal(parseRetryAfter('Thu, 01 Oct 2026 12:00:30 GMT', now), 30_000);
  assert.equal(parseRetryAfter('Thu, 01 Oct 2026 11:00:00 GMT', now), 0);
  assert.equal(parseRetryAfter('999999999', now), 3_600_000);
  for (const nothing of [null, '', 'soon', '-5x']) assert.equal(parseRetryAfter(nothing, now), undefined);
});

test('who never answers is not waited for', async (t) => {
  const recorder = await new PagerDutyRecorder().listen();
  t.after(() => recorder.close());
  recorder.failAlways('hang');
  const call = {
    url: recorder.url,
    headers: {},
    body: '{}',
    secrets: [],
    signal: NEVER,
    timeout_ms: 100,
    now: () => Date.now(),
  };
  const late = await post(call, () => 'delivered');
  assert.equal(late.result === 'failed' && late.reason, 'timeout');
  const stop = new AbortController();
  const stopped = post({ ...call, signal: stop.signal, timeout_ms: 60_000 }, () => 'delivered');
  await recorder.arrived(2);
  stop.abort();
  const outcome = await stopped;
  assert.equal(outcome.result === 'failed' && outcome.reason, 'stopped');
});

test('an answer that repeats the key is kept without it, wherever it is cut', async (t) => {
  for (const body of [
    `invalid routing_key ${KEY}`,
    JSON.stringify({ request: JSON.stringify({ routing_key: KEY }) }),
    `${'x'.repeat(495)}${KEY}`,
    KEY.repeat(400),
    `${KEY}x`.repeat(10_000),
  ]) {
    const { answer } = await told(t, { status: 500, body });
    assert.ok(!answer.includes(KEY.slice(0, 8)), answer);
    assert.ok(answer.length <= 500);
  }
});

test('an address that is a secret stays out of what its failure says', async () => {
  const url = 'http://127.0.0.1:1/hooks/T0P-S3CR3T';
  const hook = webhook({ name: 'hook', url: new Secret(url), secret: new Secret(`whsec_${'A'.repeat(32)}`) });
  const outcome = await hook.deliver(NOTIFICATION, NEVER);
  assert.equal(outcome.result, 'failed');
  assert.match(outcome.answer, /ECONNREFUSED|bad port/);
  assert.ok(!outcome.answer.includes('S3CR3T'));
});
