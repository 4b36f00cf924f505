import type { CauseName, Incident } from '@halfopen/telemetry';
import type { Store } from '@halfopen/store';
import fc from 'fast-check';

/** A telling incident, with what is given laid over it. */
export function incident(over: Partial<Incident> = {}): Incident {
  return {
    id: 'incident-1',
    dedup_key: 'halfopen/zombie-handler/channel.id=agent-3',
    rule: 'zombie-handler',
    status: 'firing',
    severity: 'critical',
    started_at: '2026-10-01T12:03:00.000Z',
    fired_at: '2026-10-01T12:03:20.000Z',
    resolved_at: null,
    channels: ['agent-3'],
    shared: null,
    summary: 'agent-3 is claimed up while its handler is dead; likeliest cause: handler-dead (71 %)',
    facts: [{ id: 'data-written', statement: '12 frames were written', observed: true, sql: 'SELECT 12' }],
    unknowns: [{ id: 'peer-received', statement: 'whether the agent received them' }],
    hypotheses: [
      {
        cause: 'handler-dead',
        probability: 0.71,
        for: ['data-written'],
        against: [],
        missing: ['peer-received'],
        explanation: 'the handler is dead',
      },
      { cause: 'unknown-cause', probability: 0.29, for: [], against: [], missing: [], explanation: 'none' },
    ],
    next_step: {
      action: 'count what arrives',
      discriminates: ['handler-dead'],
      outcomes: [{ if: 'it arrives', then: ['handler-dead'] }],
    },
    runbook_url: 'docs/runbooks/handler-dead.md',
    links: [{ text: 'Channel agent-3', href: '/channels/agent-3?from=now' }],
    ...over,
  };
}

export interface Recorded {
  readonly id: string;
  readonly sequence: number;
  readonly reason: 'noticed' | 'fired' | 'changed' | 'resolved' | 'passed';
  readonly incident?: Partial<Incident>;
  /** Evaluation instant, ms since the epoch. */
  readonly at_ms?: number;
  /** Seconds ago that it was recorded. */
  readonly ago_s?: number;
}

const STATUS = {
  noticed: 'pending',
  fired: 'firing',
  changed: 'firing',
  resolved: 'resolved',
  passed: 'inactive',
} as const;

/** What the rules' journal does as an incident changes. */
export async function recordTransition(store: Store, recorded: Recorded): Promise<void> {
  const { id, sequence, reason, at_ms = Date.now(), ago_s = 0 } = recorded;
  const status = STATUS[reason];
  const body = incident({
    id,
    dedup_key: `halfopen/${id}`,
    ...recorded.incident,
    ...(status === 'resolved'
      ? { status: 'resolved' as const, resolved_at: new Date(at_ms).toISOString() }
      : {}),
  });
  await store.command(
    `INSERT INTO incident_transitions
       (incident_id, sequence, at, status, reason, rule, severity, dedup_key, channels, cause, summary, started_at, incident, course, inserted_at)
     SELECT {id:String}, {sequence:UInt32}, fromUnixTimestamp64Milli({at:Int64}), {status:String}, {reason:String}, {rule:String}, {severity:String},
       {key:String}, {channels:Array(String)}, {cause:String}, {summary:String}, now(), {incident:String}, '{}', now() - {ago:UInt32}`,
    {
      params: {
        id,
        sequence,
        at: at_ms,
        status,
        reason,
        rule: body.rule,
        severity: body.severity,
        key: body.dedup_key,
        channels: [...body.channels],
        cause: body.hypotheses[0]?.cause ?? 'unknown-cause',
        summary: body.summary,
        incident: JSON.stringify(body),
        ago: ago_s,
      },
    },
  );
}

/** Any text: lone surrogates, controls, emoji, and now and then a very long one. */
const text = fc.oneof(
  { weight: 20, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 10,
    arbitrary: fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      maxLength: 40,
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('a', '\u0000', 'é', '😀', '\uD800', '"\\'), fc.integer({ min: 1000, max: 5000 }))
      .map(([unit, times]) => unit.repeat(times)),
  },
);
const name = fc.string({ minLength: 1, maxLength: 30 });
/** Few, or more than anybody reads. */
const many = <T>(item: fc.Arbitrary<T>) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.array(item, { maxLength: 4 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(item, fc.integer({ min: 100, max: 500 }))
        .map(([one, times]) => Array<T>(times).fill(one)),
    },
  );
const cause = fc.constantFrom<CauseName[]>('handler-dead', 'frames-lost', 'unknown-cause');

/** Whatever the rules, or a user's own, might come to say. */
export const anyIncident: fc.Arbitrary<Incident> = fc
  .record({
    dedup_key: fc.string({ maxLength: 600 }),
    rule: name,
    severity: fc.constantFrom('critical', 'error', 'warning', 'info'),
    channels: fc.tuple(text, many(text)).map(([first, others]) => [first, ...others]),
    shared: fc.option(fc.record({ attribute: text, value: text })),
    summary: text,
    facts: many(fc.record({ id: name, statement: text, observed: fc.boolean(), sql: text })),
    unknowns: many(fc.record({ id: name, statement: text })),
    hypotheses: many(
      fc.record({
        cause,
        probability: fc.double({ min: 0, max: 1, noNaN: true }),
        for: many(name),
        against: many(name),
        missing: many(name),
        explanation: text,
      }),
    ),
    next_step: fc.record({
      action: text,
      discriminates: many(cause),
      outcomes: many(fc.record({ if: text, then: many(cause) })),
    }),
    runbook_url: text,
    links: many(fc.record({ text, href: fc.oneof(text, fc.webUrl()) })),
  })
  .map((over) => incident(over));
