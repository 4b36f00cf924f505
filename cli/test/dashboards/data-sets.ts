import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  record,
  simulate,
  WebhookRecorder,
  type FaultName,
  type LiveFaultName,
  type Plan,
} from '@halfopen/lab';
import { acknowledge, makeSilence, Secret, startNotifier, webhook } from '@halfopen/notify';
import { startRules } from '@halfopen/rules';
import type { EmbeddedStore } from '@halfopen/store';
import { afterwards } from '../afterwards.js';
import { opened, type Stored } from '../facts/stored.js';
import { sample } from '../halfopen.js';

/** What the dashboards are looked at with: a store that was filled as any is, judged, and its incidents told. */
export interface DataSet {
  readonly stored: Stored;
  /** Event time. */
  readonly fromMs: number;
  readonly toMs: number;
}

const FROM_MS = Date.parse('2026-10-01T12:00:00Z');
const TO_MS = Date.parse('2026-10-01T12:11:30Z');

/** Live, every few seconds; here as seldom as still sees every incident. */
const STEP_MS = 30_000;

/** Recordings in the lab, with the channel that one would look at. */
export const SAMPLES = {
  healthy: 'agent-1',
  'handler-dead-both-ends': 'agent-3',
  'host-reader-dead': 'agent-2',
  'heartbeat-not-started': 'agent-5',
  'asymmetric-server-only': 'agent-7',
  'listener-down': 'agent-0',
} as const;
export type SampleName = keyof typeof SAMPLES;

export async function sampleSet(t: TestContext, name: SampleName): Promise<DataSet> {
  const stored = await opened(t);
  await stored.load(sample(name));
  await judgeAndTell(t, stored.store);
  return { stored, fromMs: FROM_MS, toMs: TO_MS };
}

/** The demo's six faults, as the simulator has them, all at once, each on a channel of its own. */
const DEMO: Readonly<Record<LiveFaultName, Omit<Plan<FaultName>, 'channels'>>> = {
  'writer-stalled': { name: 'writer-stalled' },
  'handler-dead': { name: 'handler-dead', end: 'agent' },
  'handler-stuck': { name: 'handler-stuck', variant: 'serial' },
  'heartbeat-not-started': { name: 'heartbeat-not-started' },
  'agent-killed': { name: 'agent-killed' },
  'frames-dropped': { name: 'frames-lost', direction: 'to_agent' },
};
export const DEMO_FAULTS = Object.keys(DEMO) as readonly LiveFaultName[];

export function demoChannel(fault: LiveFaultName): string {
  return `agent-${DEMO_FAULTS.indexOf(fault) + 1}`;
}

export async function demoSet(t: TestContext): Promise<DataSet> {
  const stored = await opened(t);
  const faults = DEMO_FAULTS.map((fault) => ({ ...DEMO[fault], channels: [demoChannel(fault)] }));
  const simulation = simulate({ seed: 1, channels: 10, faults });
  const file = join(stored.folder, 'demo.jsonl.gz');
  await record(simulation, file);
  await stored.load(file);
  await judgeAndTell(t, stored.store);
  return { stored, fromMs: FROM_MS, toMs: TO_MS };
}

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The live loop with a clock that steps through the recording, and a webhook that is told of what fires. */
async function judgeAndTell(t: TestContext, store: EmbeddedStore): Promise<void> {
  const receiver = await new WebhookRecorder().listen();
  const oncall = webhook({
    name: 'oncall',
    url: new Secret(receiver.url),
    secret: new Secret(`whsec_${'A'.repeat(32)}`),
  });
  const notifier = await startNotifier({
    store,
    receivers: [oncall],
    routing: { routes: [], otherwise: ['oncall'] },
    log: QUIET,
  });
  afterwards(t, async () => {
    await notifier.stop();
    await receiver.close();
  });
  await judged(store, () => {
    notifier.ring();
  });
  await told(store);
  await respond(store);
}

/** Somebody takes on what fires, and silences all of its rule. */
async function respond(store: EmbeddedStore): Promise<void> {
  const now = Date.now();
  const incidents = await store.query<{ id: string; rule: string }>(
    `SELECT id, rule FROM incidents WHERE status IN ('firing', 'resolved')`,
  );
  for (const { id } of incidents)
    await acknowledge(store, { incidentId: id, by: 'ada', note: 'looking at it', now });
  for (const rule of new Set(incidents.map((incident) => incident.rule)))
    await makeSilence(store, {
      id: rule,
      matchers: { rule },
      until: now + 3_600_000,
      reason: 'agents are being replaced',
      by: 'ada',
      now,
    });
}

async function judged(store: EmbeddedStore, onTransition: () => void): Promise<void> {
  let instant_ms = FROM_MS;
  let failure: unknown;
  let finish: (() => void) | undefined;
  const done = new Promise<void>((resolve) => (finish = resolve));
  const rules = await startRules({
    store,
    intervalMs: 1,
    onTransition,
    log: {
      info: () => undefined,
      error: (fields) => {
        failure = fields;
        finish?.();
      },
    },
    now: () => {
      if (instant_ms >= TO_MS) finish?.();
      const now = Math.min(instant_ms, TO_MS);
      instant_ms += STEP_MS;
      return now;
    },
  });
  await done;
  await rules.stop();
  if (failure !== undefined) throw new Error('the rules failed', { cause: failure });
}

/** Until what fired and is paged has been delivered. */
async function told(store: EmbeddedStore): Promise<void> {
  for (;;) {
    const [row] = await store.query<{ owed: number }>(
      `SELECT toUInt32(count()) AS owed FROM incident_transitions AS t
       WHERE t.reason = 'fired' AND t.severity IN ('critical', 'error')
         AND t.incident_id NOT IN (SELECT incident_id FROM notifications WHERE outcome = 'delivered')`,
    );
    if (row?.owed === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
