import { simulate, type ExportTraceServiceRequest, type Scenario } from '@halfopen/lab';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterwards } from '../afterwards.js';

/** Of what lies behind, sent in one request. */
const REQUESTS_AT_ONCE = 400;

/**
 * A simulated fleet that has been running for a while and goes on in real time until the test ends: what rules and the
 * live list need. Resolves once what lies behind is stored.
 */
export async function liveFleet(
  t: TestContext,
  collectorUrl: string,
  headers: Record<string, string>,
  scenario: Partial<Scenario> & { readonly behindMs: number; readonly aheadMs: number },
): Promise<void> {
  const { behindMs, aheadMs, ...given } = scenario;
  const startMs = Date.now() - behindMs;
  const exports = simulate({ ...given, startMs, durationMs: behindMs + aheadMs }).exports();
  const stop = new AbortController();
  const send = async (requests: readonly ExportTraceServiceRequest[]): Promise<void> => {
    if (requests.length === 0) return;
    const response = await fetch(`${collectorUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ resourceSpans: requests.flatMap(({ resourceSpans }) => resourceSpans) }),
    });
    if (!response.ok) throw new Error(`the collector answered ${response.status}: ${await response.text()}`);
  };
  let waiting: ExportTraceServiceRequest[] = [];
  let next = exports.next();
  for (; next.done !== true && next.value.atMs <= Date.now(); next = exports.next()) {
    waiting.push(next.value.request);
    if (waiting.length >= REQUESTS_AT_ONCE) await send(waiting.splice(0));
  }
  await send(waiting.splice(0));
  const running = (async () => {
    for (; next.done !== true && !stop.signal.aborted; next = exports.next()) {
      const wait_ms = next.value.atMs - Date.now();
      if (wait_ms > 0) {
        await send(waiting);
        waiting = [];
        await sleep(wait_ms, undefined, { signal: stop.signal });
      }
      waiting.push(next.value.request);
    }
  })().catch(() => undefined); // the end of the test ends the sleep, and may have taken the collector away
  afterwards(t, async () => {
    stop.abort();
    await running;
  });
}
