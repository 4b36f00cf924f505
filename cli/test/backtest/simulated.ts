import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { record, simulate, type Scenario, type Truth } from '@halfopen/lab';
import { backtest } from '@halfopen/rules';
import type { Incident } from '@halfopen/telemetry';
import { opened } from '../facts/stored.js';

/** When to look, seconds after the beginning. A step that no period of the fleet divides meets all its phases. */
export interface Look {
  readonly from_s: number;
  readonly to_s: number;
  readonly step_s: number;
}

export interface Judged {
  readonly incidents: readonly Incident[];
  readonly truth: readonly Truth[];
  /** Seconds from the beginning to a moment. */
  readonly after_s: (moment: string) => number;
}

/** Stores what a simulated fleet tells, on the way that recordings take, and runs the rules over it. */
export async function judged(t: TestContext, scenario: Partial<Scenario>, look: Look): Promise<Judged> {
  const { store, folder, load } = await opened(t);
  const simulation = simulate({ durationMs: look.to_s * 1000, ...scenario });
  const file = join(folder, 'recording.jsonl.gz');
  await record(simulation, file);
  await load(file);
  const { startMs, channels } = simulation.scenario;
  const seen = await store.query<{ n: number }>(
    'SELECT toUInt32(uniqExact(channel_id)) AS n FROM channel_states',
  );
  assert.deepEqual(seen, [{ n: channels }], 'every channel has told of itself');
  const incidents = await backtest(store, {
    fromMs: startMs + look.from_s * 1000,
    toMs: startMs + look.to_s * 1000,
    stepMs: look.step_s * 1000,
  });
  return { incidents, truth: simulation.truth, after_s: (moment) => (Date.parse(moment) - startMs) / 1000 };
}

/** An incident in one line, for a message. */
export function brief({ rule, channels, summary }: Incident): string {
  return `${rule} on ${channels.join()}: ${summary}`;
}
