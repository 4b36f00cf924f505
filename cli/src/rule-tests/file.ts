import { dirname, resolve } from 'node:path';
import {
  check,
  durationS,
  lineOf,
  MistakeError,
  place,
  readSource,
  suggestion,
  type Path,
  type Source,
} from '@halfopen/checked-yaml';
import { defineScenario, ScenarioError, type Scenario } from '@halfopen/lab';
import { readRuleBook, type RuleBookDraft } from '@halfopen/rules';
import { CAUSE_NAMES, SEVERITIES } from '@halfopen/telemetry';
import { z } from 'zod';
import { parseEvent, TimelineError, type Event, type Member } from './timeline.js';

/** A file of tests of rules: what happens to a simulated fleet, and what must fire when. */
export interface RuleTestFile {
  readonly file: string;
  readonly draft: RuleBookDraft;
  /** Rules whose incidents count: those that the files define or change; all where there are none. */
  readonly judged: ReadonlySet<string>;
  readonly tests: readonly RuleTest[];
}

export interface RuleTest {
  readonly name: string;
  /** `ours.test.yaml:12` */
  readonly place: string;
  readonly scenario: Scenario;
  readonly step_ms: number;
  readonly expectations: readonly Expectation[];
}

/** All that fires at an instant. */
export interface Expectation {
  /** After the start. */
  readonly at_ms: number;
  /** `4m`, as it is written. */
  readonly at: string;
  readonly place: string;
  readonly firing: readonly ExpectedIncident[];
}

export interface ExpectedIncident {
  readonly rule: string;
  readonly channels?: readonly string[] | undefined;
  readonly cause?: string | undefined;
  readonly severity?: string | undefined;
}

/** A simulated day of a fleet takes minutes. */
const FOR_S_MAX = 86_400;
const CHANNELS_MAX = 1000;
/** Of channels times seconds. */
const SIMULATED_MAX = 3_600_000;
const STEPS_MAX = 10_000;

const duration = (example: string) =>
  z
    .string()
    .transform((text, context) => {
      const seconds = durationS(text);
      if (seconds === undefined || seconds > FOR_S_MAX)
        context.addIssue({ code: 'custom', message: 'expected a time such as 2m30s, at most 1d' });
      return { text, ms: (seconds ?? 0) * 1000 };
    })
    .optional()
    .meta({ example });

const name = z.string().min(1).max(200);
const testSchema = z.strictObject({
  name: name.meta({ example: 'a dead handler is found' }),
  fleet: z
    .strictObject({
      channels: z.number().int().min(1).max(CHANNELS_MAX).default(4).meta({ example: '4' }),
      /** Channels are dealt to them in turn. */
      sites: z.array(name).min(1).max(100).default(['site-a', 'site-b']).meta({ example: '[lyon, paris]' }),
      observers: z
        .array(z.enum(['agent', 'server', 'relay']))
        .min(1)
        .default(['agent', 'server'])
        .meta({ example: '[agent, server]' }),
      transport: z.enum(['websocket', 'virtio-serial']).default('websocket').meta({ example: 'websocket' }),
      frame_spans: z.boolean().default(true).meta({ example: 'true' }),
      commands: duration('20s'),
      heartbeats: duration('30s'),
      pings: duration('20s'),
      states: duration('10s'),
      seed: z.number().int().min(0).max(2_147_483_647).default(1).meta({ example: '1' }),
    })
    .prefault({}),
  timeline: z
    .array(z.string().max(500).meta({ example: '2m..4m agent-3 drops 50%' }))
    .max(200)
    .default([])
    .meta({ example: '["2m..4m agent-3 drops 50%"]' }),
  /** How long it goes on; until the last expectation unless given. */
  for: duration('8m'),
  step: duration('10s'),
  expect: z
    .array(
      z.strictObject({
        at: duration('4m'),
        firing: z
          .array(
            z.strictObject({
              rule: name.meta({ example: 'zombie-handler' }),
              channels: z.array(name).min(1).max(CHANNELS_MAX).optional().meta({ example: '[agent-3]' }),
              cause: z
                .enum(CAUSE_NAMES as [string, ...string[]])
                .optional()
                .meta({ example: 'handler-dead' }),
              severity: z.enum(SEVERITIES).optional().meta({ example: 'critical' }),
            }),
          )
          .max(1000)
          .meta({ example: '[{ rule: zombie-handler, channels: [agent-3] }]' }),
      }),
    )
    .min(1)
    .max(200)
    .meta({ example: '[{ at: 4m, firing: [] }]' }),
});
const fileSchema = z.strictObject({
  /** Rule files, from where this one is. */
  rules: z.array(z.string().min(1).max(4096)).max(100).default([]).meta({ example: '[ours.yaml]' }),
  causes: z.string().min(1).max(4096).optional().meta({ example: 'causes.yaml' }),
  tests: z.array(testSchema).min(1).max(500).meta({ example: '[{ name: ..., expect: [...] }]' }),
});
type TestEntry = z.infer<typeof testSchema>;

/** @throws MistakeError with file and line, of the tests, the rules or the cause table */
export function readRuleTests(file: string): RuleTestFile {
  const source = readSource(file, 'rule test');
  const { rules, causes, tests } = check(fileSchema, source);
  const beside = (path: string): string => resolve(dirname(file), path);
  const draft = readRuleBook({
    rules: rules.map(beside),
    causes: causes === undefined ? undefined : beside(causes),
  });
  const own = draft.definitions.filter((rule) => rule.place !== undefined);
  const known = draft.definitions.filter(({ enabled }) => enabled).map((rule) => rule.name);
  return {
    file,
    draft,
    judged: new Set(own.length > 0 ? own.map((rule) => rule.name) : known),
    tests: tests.map((entry, index) => testOf(entry, { source, path: ['tests', index], known })),
  };
}

interface Where {
  readonly source: Source;
  readonly path: Path;
  readonly known: readonly string[];
}

function testOf(entry: TestEntry, where: Where): RuleTest {
  const { source, path } = where;
  const expectations = entry.expect.map((expected, index) =>
    expectationOf(expected, { ...where, path: [...path, 'expect', index] }),
  );
  const last_ms = Math.max(...expectations.map(({ at_ms }) => at_ms));
  const for_ms = entry.for?.ms ?? last_ms;
  const step_ms = entry.step?.ms ?? 10_000;
  if (last_ms > for_ms)
    throw mistake(source, [...path, 'for'], `it is over before the last expectation, at ${last_ms / 1000}s`);
  if (step_ms === 0 || for_ms / step_ms > STEPS_MAX)
    throw mistake(source, [...path, 'step'], `expected at most ${STEPS_MAX} steps of more than nothing`);
  if ((entry.fleet.channels * for_ms) / 1000 > SIMULATED_MAX)
    throw mistake(
      source,
      [...path, 'fleet'],
      `${entry.fleet.channels} channels for ${for_ms / 1000}s are too many: at most ${SIMULATED_MAX} channel seconds`,
    );
  return {
    name: entry.name,
    place: `${source.file}:${lineOf(source, path)}`,
    scenario: scenarioOf(entry, Math.max(for_ms, step_ms), where),
    step_ms,
    expectations,
  };
}

function expectationOf(
  { at, firing }: TestEntry['expect'][number],
  { source, path, known }: Where,
): Expectation {
  if (at === undefined) throw mistake(source, path, 'an expectation needs at: when, after the start');
  for (const [index, { rule }] of firing.entries())
    if (!known.includes(rule))
      throw mistake(
        source,
        [...path, 'firing', index, 'rule'],
        `no rule in force is called ${rule}; ${suggestion(known, rule)}`,
      );
  return { at_ms: at.ms, at: at.text, place: `${source.file}:${lineOf(source, path)}`, firing };
}

function scenarioOf({ fleet, timeline }: TestEntry, durationMs: number, { source, path }: Where): Scenario {
  const { channels, observers, transport, frame_spans: frameSpans, seed } = fleet;
  const sites = fleet.sites.map((site) => ({ site, gateway: `gw-${site}` }));
  const members = Array.from({ length: channels }, (_, index): Member => ({
    id: `agent-${index}`,
    site: fleet.sites[index % fleet.sites.length] ?? '',
  }));
  const events = timeline.map((line, index) =>
    eventOf(line, members, { source, path: [...path, 'timeline', index] }),
  );
  const of = <Kind extends Event['kind']>(kind: Kind) =>
    events.flatMap((event) => (event.kind === kind ? [event.plan] : [])) as Kind extends 'fault'
      ? Extract<Event, { kind: 'fault' }>['plan'][]
      : Extract<Event, { kind: 'benign' }>['plan'][];
  try {
    return defineScenario({
      ...{ seed, channels, sites, observers, transport, frameSpans, durationMs },
      ...period('commandIntervalMs', fleet.commands),
      ...period('heartbeatIntervalMs', fleet.heartbeats),
      ...(fleet.heartbeats === undefined ? {} : { heartbeatTimeoutMs: 3 * fleet.heartbeats.ms }),
      ...period('pingIntervalMs', fleet.pings),
      ...period('stateIntervalMs', fleet.states),
      faults: of('fault'),
      benign: of('benign'),
    });
  } catch (error) {
    if (error instanceof ScenarioError) throw mistake(source, [...path, 'fleet'], error.message);
    throw error;
  }
}

function period(key: string, given: { readonly ms: number } | undefined): Record<string, number> {
  return given === undefined ? {} : { [key]: given.ms };
}

function eventOf(line: string, members: readonly Member[], { source, path }: Omit<Where, 'known'>): Event {
  try {
    return parseEvent(line, members);
  } catch (error) {
    if (error instanceof TimelineError) throw mistake(source, path, error.message);
    throw error;
  }
}

function mistake(source: Source, path: Path, problem: string): MistakeError {
  return new MistakeError(`${place(source, path)} ${path.join('.')}: ${problem}`);
}
