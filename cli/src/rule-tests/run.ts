import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulate } from '@halfopen/lab';
import { traceRequestFromJson } from '@halfopen/otlp';
import { evaluate, openRuleBook, openRuleSql, type OpenIncidents } from '@halfopen/rules';
import type { Incident } from '@halfopen/telemetry';
import { loadConfig } from '../config/load.js';
import { directSink } from '../recording/import-file.js';
import { openLog } from '../service/log.js';
import { openPipeline, type Pipeline } from '../service/pipeline.js';
import { Undo } from '../service/undo.js';
import type { ExpectedIncident, Expectation, RuleTest, RuleTestFile } from './file.js';

/** An expectation that was not met. */
export interface Difference {
  readonly expectation: Expectation;
  /** What was expected and does not fire so. */
  readonly missing: readonly ExpectedIncident[];
  /** What fires and was not expected so. */
  readonly unexpected: readonly Incident[];
}

/**
 * Plays one test in a store of its own: the simulated fleet's telemetry goes through ingest, and the rules are evaluated step
 * by step, as a backtest does.
 *
 * @throws MistakeError where the SQL of a rule is wrong
 */
export async function runRuleTest({ draft, judged }: RuleTestFile, test: RuleTest): Promise<Difference[]> {
  const undo = new Undo();
  try {
    const dir = await mkdtemp(join(tmpdir(), 'halfopen-rules-test-'));
    undo.push(() => rm(dir, { recursive: true, force: true }));
    const config = loadConfig(undefined, { data: join(dir, 'data') });
    const pipeline = await openPipeline(config, openLog({ ...config, log: { level: 'error' } }));
    undo.push(() => pipeline.close());
    await store(pipeline, test);
    const people = openRuleSql(pipeline.store);
    undo.push(() => people.close());
    const { startMs, durationMs } = test.scenario;
    const book = await openRuleBook(draft, people, startMs + durationMs);
    const differences: Difference[] = [];
    let open: OpenIncidents = [];
    for (const after_ms of instantsOf(test)) {
      ({ open } = await evaluate(pipeline.store, startMs + after_ms, open, book));
      for (const expectation of test.expectations) {
        if (expectation.at_ms !== after_ms) continue;
        const difference = differenceOf(expectation, open, judged);
        if (difference !== undefined) differences.push(difference);
      }
    }
    return differences;
  } finally {
    await undo.run();
  }
}

async function store(pipeline: Pipeline, { scenario }: RuleTest): Promise<void> {
  const sink = directSink(pipeline);
  const publishing: Promise<void>[] = [];
  for (const { request } of simulate(scenario).exports()) {
    const { bytes, spans } = traceRequestFromJson(JSON.stringify(request));
    if (spans > 0) publishing.push(sink.publish(bytes));
    if (publishing.length >= 256) await Promise.all(publishing.splice(0));
  }
  await Promise.all(publishing);
}

/** Every step, and every instant of an expectation; each once, in order. */
function instantsOf({ scenario, step_ms, expectations }: RuleTest): number[] {
  const steps = Array.from(
    { length: Math.floor(scenario.durationMs / step_ms) },
    (_, index) => (index + 1) * step_ms,
  );
  return [...new Set([...steps, ...expectations.map(({ at_ms }) => at_ms)])].sort((a, b) => a - b);
}

function differenceOf(
  expectation: Expectation,
  open: OpenIncidents,
  judged: ReadonlySet<string>,
): Difference | undefined {
  const count = new Set([...judged, ...expectation.firing.map(({ rule }) => rule)]);
  const unexpected = open
    .filter(({ status, rule }) => status === 'firing' && count.has(rule))
    .map(({ incident }) => incident);
  const missing = expectation.firing.filter((expected) => {
    const index = unexpected.findIndex((incident) => meets(incident, expected));
    if (index >= 0) unexpected.splice(index, 1);
    return index < 0;
  });
  return missing.length + unexpected.length === 0 ? undefined : { expectation, missing, unexpected };
}

function meets(incident: Incident, { rule, channels, cause, severity }: ExpectedIncident): boolean {
  return (
    incident.rule === rule &&
    (channels === undefined ||
      [...channels].sort().join('\n') === [...incident.channels].sort().join('\n')) &&
    (cause === undefined || incident.hypotheses[0]?.cause === cause) &&
    (severity === undefined || incident.severity === severity)
  );
}
