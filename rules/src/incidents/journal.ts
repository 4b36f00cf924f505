import type { Incident, IncidentStatus } from '@halfopen/telemetry';
import { clickhouseTime, type Store } from '@halfopen/store';
import type { OpenIncident, OpenIncidents, Transition } from './lifecycle.js';
import { assertInOffice, STATEMENT_SECONDS_MAX, type Term } from './term.js';

/** What resuming needs beyond the incident itself; kept with each transition. */
interface Course {
  readonly scope: OpenIncident['scope'];
  readonly first_ms: number;
}

/**
 * Appends transitions. Each carries a token of its own (incident id and sequence), so that writing one again, or a
 * second writer that does not know it is one, changes nothing.
 *
 * @param term where several processes may judge: the engine writes nothing once another term has begun
 * @throws DeposedError when some may not have been written for that reason
 */
export async function appendTransitions(
  store: Store,
  transitions: readonly Transition[],
  open: OpenIncidents,
  term?: Term,
): Promise<void> {
  for (const transition of transitions) {
    const { incident, sequence } = transition;
    const course = open.find(({ identity }) => identity.id === incident.id);
    await store.command(
      `INSERT INTO incident_transitions
         (incident_id, sequence, at, status, reason, rule, severity, dedup_key, channels, cause, summary, started_at, incident, course)
       SETTINGS insert_deduplication_token = '${incident.id}-${sequence}', deduplicate_insert_select = 'enable_even_for_bad_queries'${underTerm(term).setting}
       SELECT {id:String}, {sequence:UInt32}, {at:DateTime64(3)}, {status:String}, {reason:String}, {rule:String}, {severity:String},
         {dedup_key:String}, {channels:Array(String)}, {cause:String}, {summary:String}, {started_at:DateTime64(3)}, {incident:String}, {course:String}${underTerm(term).condition}`,
      {
        params: {
          id: incident.id,
          sequence,
          at: clickhouseTime(transition.at_ms),
          status: transition.status,
          reason: transition.reason,
          rule: incident.rule,
          severity: incident.severity,
          dedup_key: incident.dedup_key,
          channels: [...incident.channels],
          cause: incident.hypotheses[0]?.cause ?? 'unknown-cause',
          summary: incident.summary,
          started_at: clickhouseTime(Date.parse(incident.started_at)),
          incident: JSON.stringify(incident),
          course: JSON.stringify(
            course === undefined ? {} : ({ scope: course.scope, first_ms: course.first_ms } satisfies Course),
          ),
        },
      },
    );
  }
  if (term !== undefined && transitions.length > 0) await assertInOffice(store, term);
}

function underTerm(term: Term | undefined): { readonly setting: string; readonly condition: string } {
  if (term === undefined) return { setting: '', condition: '' };
  return {
    setting: `, max_execution_time = ${STATEMENT_SECONDS_MAX}`,
    condition: ` WHERE (SELECT max(t.term) FROM rules_terms AS t) = ${term.number}`,
  };
}

/**
 * Incidents that were open when the last process stopped. Their members count as seen firing at `instant_ms`, so that a
 * pause of the rules does not resolve them.
 */
export async function resumeIncidents(store: Store, instant_ms: number): Promise<OpenIncidents> {
  const rows = await store.query<{
    status: 'pending' | 'firing';
    sequence: number;
    incident: string;
    course: string;
  }>(
    `SELECT argMax(t.status, t.sequence) AS status, max(t.sequence) AS sequence, argMax(t.incident, t.sequence) AS incident, argMax(t.course, t.sequence) AS course
     FROM incident_transitions AS t GROUP BY incident_id HAVING status IN ('pending', 'firing') ORDER BY incident_id`,
  );
  return rows.map(({ status, sequence, incident: body, course: about }) => {
    const incident = JSON.parse(body) as Incident;
    const course = JSON.parse(about) as Course;
    return {
      identity: { id: incident.id, dedup_key: incident.dedup_key },
      rule: incident.rule,
      scope: course.scope,
      status,
      sequence,
      first_ms: course.first_ms,
      started_ms: Date.parse(incident.started_at),
      fired_ms: Date.parse(incident.fired_at),
      members: new Map(incident.channels.map((channel) => [channel, instant_ms])),
      incident,
    };
  });
}

/** Whoever judged before may have been so far ahead of us. Further, and its clock was wrong: that must not stop us. */
const AHEAD_MS_MAX = 60_000;

/** The instant of the last transition: going on before it would judge backwards. 0 where there is none. */
export async function judgedUntil(store: Store, instant_ms: number): Promise<number> {
  const [last] = await store.query<{ at: string }>(
    `SELECT toString(toUnixTimestamp64Milli(max(t.at))) AS at FROM incident_transitions AS t
     WHERE t.at <= {limit:DateTime64(3)}`,
    { params: { limit: clickhouseTime(instant_ms + AHEAD_MS_MAX) } },
  );
  return Number(last?.at ?? 0);
}

/** Newest first. Incidents that never fired are not told. */
export async function readIncidents(
  store: Store,
  status: IncidentStatus | 'all',
  limit = 1000,
): Promise<Incident[]> {
  const rows = await store.query<{ incident: string }>(
    `SELECT incident FROM incidents
     WHERE status IN ({statuses:Array(String)}) ORDER BY fired_at DESC, id LIMIT {limit:UInt32}`,
    { params: { statuses: status === 'all' ? ['firing', 'resolved'] : [status], limit } },
  );
  return rows.map(({ incident }) => JSON.parse(incident) as Incident);
}

/** @returns undefined where there is none of this id, or it has never fired */
export async function readIncident(store: Store, id: string): Promise<Incident | undefined> {
  const [row] = await store.query<{ incident: string }>(
    `SELECT incident FROM incidents WHERE id = {id:String} AND status IN ('firing', 'resolved')`,
    { params: { id } },
  );
  return row === undefined ? undefined : (JSON.parse(row.incident) as Incident);
}
