import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterwards } from '../afterwards.js';
import { temporaryFolder, up } from '../halfopen.js';
import { browser, watchedPage } from './browser.js';

const SPANS_AT_ONCE = 2_000;
const STATES_PERIOD_MS = 10_000;

/** How smooth the list is depends on the machine: it is printed. That it is windowed, and moves, is asserted. */
for (const channels of [1_000, 5_000])
  test(
    `the list of ${channels} channels: frames over 50 ms while scrolling, and while updates come`,
    { timeout: 240_000 },
    async (t) => {
      const running = await up(await temporaryFolder(t));
      const stop = new AbortController();
      afterwards(t, () => {
        stop.abort();
      });
      await tellStates(running.collectorUrl, channels, 1);
      const telling = keepTelling(running.collectorUrl, channels, stop.signal);
      const { page, wrong } = await watchedPage(await browser(t), running.apiUrl);
      await page.goto(`${running.apiUrl}/`);
      await page.locator(`.fleet-grid[aria-rowcount="${channels + 1}"]`).waitFor({ timeout: 90_000 });
      assert.ok(
        (await page.locator('.fleet-grid .grid-body .grid-row').count()) < 100,
        'only what is in sight is drawn',
      );
      const scrolling = await page.evaluate<Smoothness>(measure(5_000, 'box.scrollTop += 170'));
      assert.ok(await page.evaluate<boolean>("document.querySelector('.grid-body').scrollTop > 5000"));
      const resting = await page.evaluate<Smoothness>(measure(12_000, ''));
      t.diagnostic(`${channels} channels, scrolling: ${told(scrolling)}`);
      t.diagnostic(`${channels} channels, updates: ${told(resting)}`);
      assert.ok(resting.changes > 0, 'updates came');
      assert.deepEqual(wrong, []);
      stop.abort();
      await telling;
    },
  );

interface Smoothness {
  readonly frames: number;
  readonly slow: number;
  readonly longest_ms: number;
  /** Changes of what is drawn. */
  readonly changes: number;
}

function told({ frames, slow, longest_ms, changes }: Smoothness): string {
  return `${frames} frames, ${slow} of them over 50 ms, the longest ${longest_ms.toFixed(0)} ms, ${changes} changes drawn`;
}

/** As text: what runs in the browser is not compiled for Node. */
function measure(for_ms: number, each: string): string {
  return `new Promise((resolve) => {
    const box = document.querySelector('.grid-body');
    const told = { frames: 0, slow: 0, longest_ms: 0, changes: 0 };
    const watcher = new MutationObserver((records) => { told.changes += records.length; });
    watcher.observe(box, { subtree: true, childList: true, characterData: true, attributes: true });
    const began = performance.now();
    let before = began;
    const step = (now) => {
      const took = now - before;
      before = now;
      told.frames++;
      if (took > 50) told.slow++;
      told.longest_ms = Math.max(told.longest_ms, took);
      ${each};
      if (now - began < ${for_ms}) requestAnimationFrame(step);
      else { watcher.disconnect(); resolve(told); }
    };
    requestAnimationFrame(step);
  })`;
}

async function keepTelling(collectorUrl: string, channels: number, stop: AbortSignal): Promise<void> {
  try {
    for (let turn = 2; ; turn++) {
      await sleep(STATES_PERIOD_MS, undefined, { signal: stop });
      await tellStates(collectorUrl, channels, turn);
    }
  } catch (error) {
    // The end of the test ends the sleep, and may have taken the collector away.
    if (!stop.aborted) throw error;
  }
}

/** A state of both ends of every channel, as one period of a fleet that works tells them. */
async function tellStates(collectorUrl: string, channels: number, turn: number): Promise<void> {
  const spans = Array.from({ length: channels * 2 }, (_, index) => state(index, turn));
  for (let at = 0; at < spans.length; at += SPANS_AT_ONCE) {
    const response = await fetch(`${collectorUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        resourceSpans: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'control-server' } }] },
            scopeSpans: [{ spans: spans.slice(at, at + SPANS_AT_ONCE) }],
          },
        ],
      }),
    });
    assert.equal(response.status, 200, await response.text());
  }
}

function state(index: number, turn: number): object {
  const [channel, end] = [Math.floor(index / 2), index % 2 === 0 ? 'agent' : 'server'];
  const at = `${Date.now()}000000`;
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
  const int = (key: string, value: number) => ({ key, value: { intValue: String(value) } });
  const yes = (key: string) => ({ key, value: { boolValue: true } });
  return {
    traceId: (turn * 1_000_000 + index).toString(16).padStart(32, '0'),
    spanId: (turn * 1_000_000 + index + 1).toString(16).padStart(16, '0'),
    name: 'channel.state',
    startTimeUnixNano: at,
    endTimeUnixNano: at,
    attributes: [
      text('channel.id', `agent-${channel}`),
      text('channel.connection.id', `agent-${channel}-c1`),
      text('channel.end', end),
      text('channel.site', `site-${channel % 7}`),
      text('channel.agent.version', `1.${channel % 3}.0`),
      yes('channel.connected'),
      yes('channel.reader.alive'),
      yes('channel.handler.alive'),
      int('channel.queue.depth', (channel + turn) % 11 === 0 ? 1 : 0),
      int('channel.rx.age_ms', (channel * 37) % 9_000),
      int('channel.tx.frames', turn * 3),
      int('channel.rx.frames', turn * 3),
      int('channel.last_seen.age_ms', (channel * 53) % 20_000),
    ],
  };
}
