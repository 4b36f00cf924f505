import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { WebhookRecorder } from '@halfopen/lab';
import { Secret, startWatchdog, type RunningWatchdog, type WatchdogStatus } from '../src/index.js';
import { JumpingClock } from './clock.js';
import { KeptLog } from './log.js';

/** A switch that is pinged every second of a clock that jumps; its evaluations come as the test says. */
async function watched(t: TestContext, lastInstant: (turn: number) => number | undefined) {
  const recorder = await new WebhookRecorder().listen();
  const log = new KeptLog();
  let turn = 0;
  const watchdog = startWatchdog({
    url: new Secret(`${recorder.url}/ping/S3CR3T`),
    period_ms: 1_000,
    lastInstant: () => lastInstant(turn++),
    log,
    clock: new JumpingClock(),
  });
  t.after(async () => {
    await watchdog.stop();
    await recorder.close();
  });
  return { recorder, log, watchdog };
}

async function until(watchdog: RunningWatchdog, holds: (status: WatchdogStatus) => boolean): Promise<void> {
  while (!holds(watchdog.status())) await new Promise((resolve) => setImmediate(resolve));
}

test('pings go out while evaluation gets further, and stop when it does not', async (t) => {
  const { recorder, watchdog } = await watched(t, (turn) => (turn === 0 ? undefined : Math.min(turn, 3)));
  await until(watchdog, ({ withheld }) => withheld >= 4);
  assert.equal(watchdog.status().sent, 3, 'instants 1, 2 and 3');
  assert.deepEqual(
    recorder.calls.map(({ method, path }) => `${method} ${path}`),
    Array(3).fill('GET /ping/S3CR3T'),
  );
});

test('a ping that nobody took is made again, and its address is not shown', async (t) => {
  const { recorder, log, watchdog } = await watched(t, () => 1);
  recorder.failNext('reset', { status: 503, body: 'S3CR3T' });
  await until(watchdog, ({ withheld }) => withheld > 0);
  const { sent, failed } = watchdog.status();
  // The first ping may have gone before anything was told to go wrong.
  assert.equal(sent, 1);
  assert.equal(failed, recorder.calls.length - 1);
  assert.ok(!log.lines.join().includes('S3CR3T'));
});

test('stopping waits for no answer', async (t) => {
  const { recorder, watchdog } = await watched(t, (turn) => turn + 1);
  recorder.failAlways('hang');
  await recorder.arrived(1);
  await watchdog.stop();
});
