import type { Incident } from '@halfopen/telemetry';
import { clickhouseTime, type Store } from '@halfopen/store';
import { readAcknowledgements } from '../responses/acknowledgements.js';
import type { Notification, Outcome } from '../receivers/receiver.js';
import { insertOnce } from './insert.js';

/** A transition, or an acknowledgement, that a receiver is still to be told of. */
export interface Owed {
  readonly incidentId: string;
  /** Of the transition; {@link ACKNOWLEDGEMENT} for the incident's acknowledgement. */
  readonly sequence: number;
  /** Incidents that share it follow each other, and so must what is told of them. */
  readonly dedupKey: string;
  /** Attempts on record, this process's and its predecessors'. */
  readonly attempts: number;
  /** When it was recorded, seconds since the epoch. */
  readonly recorded_s: number;
}

/** Transitions count from 1. */
const ACKNOWLEDGEMENT = 0;

/**
 * In the order in which they must be told: incidents as they fired, each one's transitions by sequence, its
 * acknowledgement behind the transition that it followed.
 *
 * What a silence holds now is not owed, nor what was over while one held it: but of the end of what the receiver had been
 * told of it is told, and of the acknowledgement. An attempt without an outcome on record may have told it.
 *
 * @param since_s what fired before is not this receiver's concern
 * @param now ms since the epoch
 */
export function readOwed(
  store: Store,
  receiver: string,
  { since_s, now, limit }: { since_s: number; now: number; limit: number },
): Promise<Owed[]> {
  return store.query<Owed>(
    `WITH
       tried AS
       (
           SELECT a.incident_id AS incident_id, a.sequence AS sequence, max(a.attempt) AS attempts,
             max(a.event IN ('delivered', 'refused')) AS done,
             max(a.event = 'delivered') OR countIf(a.event = 'begun') > countIf(a.event != 'begun') AS told
           FROM notification_attempts AS a
           WHERE a.receiver = {receiver:String}
           GROUP BY a.incident_id, a.sequence
       ),
       ends AS
       (
           SELECT t.incident_id AS incident_id, max(t.inserted_at) AS recorded
           FROM incident_transitions AS t WHERE t.status = 'resolved' GROUP BY t.incident_id
       ),
       quiet AS
       (
           SELECT s.incident_id FROM incident_silences AS s LEFT JOIN ends ON ends.incident_id = s.incident_id
           WHERE (s.starts_at <= {now:DateTime64(3)} AND s.ends_at > {now:DateTime64(3)})
             OR (ends.recorded >= toDateTime(s.starts_at) AND ends.recorded <= s.ends_at)
       )
     SELECT o.incident_id AS incidentId, o.sequence AS sequence, o.dedup_key AS dedupKey, toUnixTimestamp(o.recorded_at) AS recorded_s,
       tried.attempts AS attempts
     FROM
     (
         SELECT t.incident_id AS incident_id, t.sequence AS sequence, toFloat64(t.sequence) AS position, t.dedup_key AS dedup_key,
           t.inserted_at AS recorded_at, t.status = 'resolved' AS closes
         FROM incident_transitions AS t WHERE t.status IN ('firing', 'resolved')
         UNION ALL
         SELECT a.incident_id, toUInt32(${ACKNOWLEDGEMENT}), a.after_sequence + 0.5, a.dedup_key, a.inserted_at, true
         FROM incident_acknowledgements AS a
     ) AS o
     INNER JOIN
     (
         SELECT r.incident_id AS incident_id, min(r.recorded_at) AS recorded, min(r.fired_at) AS fired
         FROM notification_routes AS r
         WHERE has(r.receivers, {receiver:String}) AND r.recorded_at >= toDateTime({since:UInt32})
         GROUP BY r.incident_id
     ) AS route ON route.incident_id = o.incident_id
     LEFT JOIN tried ON tried.incident_id = o.incident_id AND tried.sequence = o.sequence
     WHERE tried.done = 0
       AND (o.incident_id NOT IN quiet OR (o.closes AND o.incident_id IN (SELECT incident_id FROM tried WHERE told)))
     ORDER BY route.recorded, route.fired, o.incident_id, o.position
     LIMIT {limit:UInt32}`,
    { params: { receiver, since: since_s, now: clickhouseTime(now), limit } },
  );
}

/** @returns undefined when the retention has taken it meanwhile */
export async function readNotification(
  store: Store,
  { incidentId, sequence }: Owed,
): Promise<Notification | undefined> {
  if (sequence === ACKNOWLEDGEMENT) return readAcknowledged(store, incidentId);
  const [row] = await store.query<{ reason: string; at_ms: number; incident: string }>(
    `SELECT reason, toUnixTimestamp64Milli(at) AS at_ms, incident FROM incident_transitions
     WHERE incident_id = {id:String} AND sequence = {sequence:UInt32} LIMIT 1`,
    { params: { id: incidentId, sequence } },
  );
  if (row === undefined) return undefined;
  const kind = row.reason === 'fired' || row.reason === 'resolved' ? row.reason : 'changed';
  return { kind, at_ms: row.at_ms, incident: JSON.parse(row.incident) as Incident, sequence };
}

/** With the incident as it was then. */
async function readAcknowledged(store: Store, incidentId: string): Promise<Notification | undefined> {
  const acknowledgement = (await readAcknowledgements(store, [incidentId])).get(incidentId);
  const [row] = await store.query<{ incident: string }>(
    `SELECT t.incident AS incident FROM incident_transitions AS t
     INNER JOIN incident_acknowledgements AS a ON a.incident_id = t.incident_id AND a.after_sequence = t.sequence
     WHERE t.incident_id = {id:String} LIMIT 1`,
    { params: { id: incidentId } },
  );
  if (row === undefined || acknowledgement === undefined) return undefined;
  const incident = JSON.parse(row.incident) as Incident;
  const at_ms = Date.parse(acknowledgement.at);
  return { kind: 'acknowledged', at_ms, incident, acknowledgement, sequence: ACKNOWLEDGEMENT };
}

/** What happened to an attempt; `begun` is written before the call. */
export type AttemptEvent = { readonly result: 'begun' } | Outcome;

export async function recordAttempt(
  store: Store,
  receiver: string,
  { incidentId, sequence }: Owed,
  attempt: number,
  event: AttemptEvent,
  now: number,
): Promise<void> {
  const told = event.result === 'begun' ? { status: 0, answer: '' } : event;
  await insertOnce(
    store,
    'notification_attempts (receiver, incident_id, sequence, attempt, event, at, status, answer)',
    `SELECT {receiver:String}, {id:String}, {sequence:UInt32}, {attempt:UInt32}, {event:String}, {at:DateTime64(3)}, {status:UInt16}, {answer:String}`,
    {
      receiver,
      id: incidentId,
      sequence,
      attempt,
      event: event.result,
      at: clickhouseTime(now),
      status: told.status,
      answer: told.answer,
    },
    `${event.result} ${attempt} ${sequence} ${incidentId} ${receiver}`,
  );
}
