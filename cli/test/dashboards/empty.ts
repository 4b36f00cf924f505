/**
 * Where a query has no rows, and why that is right. A reason that does not hold any more fails the test like an empty
 * panel does.
 */
interface Reason {
  /** Queries, as `dashboard/name`; `dashboard/` is all of them. */
  readonly queries: readonly string[];
  /** Columns of the table; absent is all. */
  readonly columns?: readonly string[];
  readonly why: string;
}

const DEMO_WITHOUT_HUNG_WORK = ['handler-dead', 'heartbeat-not-started', 'agent-killed', 'frames-dropped'];

const REASONS: readonly Reason[] = [
  {
    queries: [
      'incident/',
      'fleet/firing_incidents',
      'channel/incidents',
      'pipeline/verdicts',
      'pipeline/notifications',
    ],
    columns: ['healthy'],
    why: 'no incident on a healthy fleet, so nobody is told',
  },
  {
    queries: ['fleet/one_way'],
    columns: ['healthy', 'heartbeat-not-started', 'listener-down'],
    why: 'commands are executed both ways, or nothing is open',
  },
  {
    queries: ['fleet/silent_ends'],
    columns: [
      'healthy',
      'handler-dead-both-ends',
      'host-reader-dead',
      'heartbeat-not-started',
      'asymmetric-server-only',
      'listener-down',
    ],
    why: 'every end that has spoken goes on speaking',
  },
  {
    queries: ['channel/dead_frames'],
    columns: [
      'healthy',
      'heartbeat-not-started',
      'listener-down',
      'demo: heartbeat-not-started',
      'demo: agent-killed',
    ],
    why: 'every frame that was begun has arrived and was done, or there was none',
  },
  {
    queries: ['channel/hung'],
    columns: [
      'healthy',
      'handler-dead-both-ends',
      'heartbeat-not-started',
      'asymmetric-server-only',
      'listener-down',
      ...DEMO_WITHOUT_HUNG_WORK.map((fault) => `demo: ${fault}`),
    ],
    why: 'nothing hangs there',
  },
  {
    queries: [
      'fleet/commands_by_stage',
      'channel/queue',
      'channel/heartbeats',
      'channel/stages',
      'channel/stage_counts',
    ],
    columns: ['listener-down'],
    why: 'no channel was ever open: there are no frames and no counters',
  },
  {
    queries: ['incident/unknowns'],
    columns: [
      'handler-dead-both-ends',
      'host-reader-dead',
      'listener-down',
      'demo: handler-stuck',
      'demo: agent-killed',
    ],
    why: 'all that was asked could be seen',
  },
];

/** @returns why a query has no rows, where it has none */
export function whyEmpty(query: string, column: string): string | undefined {
  return REASONS.find(
    ({ queries, columns }) =>
      queries.some((name) => (name.endsWith('/') ? query.startsWith(name) : query === name)) &&
      (columns === undefined || columns.includes(column)),
  )?.why;
}
