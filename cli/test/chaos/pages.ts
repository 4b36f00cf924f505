import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PagerDutyRecorder } from '@halfopen/lab';
import type { Up } from '../halfopen.js';
import type { Query } from './stored-once.js';

const TOLD_MS_MAX = 60_000;

/** Transitions that are not on record as told: their incident has no route yet, or its receiver no delivery. */
export const UNTOLD = `SELECT toUInt32(count()) AS n FROM incident_transitions AS t
  LEFT JOIN notification_routes AS r ON r.incident_id = t.incident_id
  LEFT JOIN (SELECT incident_id, sequence, count() AS times FROM notification_attempts WHERE event = 'delivered' GROUP BY incident_id, sequence) AS d
    ON d.incident_id = t.incident_id AND d.sequence = t.sequence
  WHERE t.reason IN ('fired', 'changed', 'resolved') AND (r.incident_id = '' OR has(r.receivers, 'oncall') AND d.times = 0)`;

/** Resolves once a running `up`, whose rules find nothing new, has told all that there is to tell. */
export async function everythingTold({ apiUrl }: Up): Promise<void> {
  const until_ms = performance.now() + TOLD_MS_MAX;
  let untold = 'nobody answered';
  while (performance.now() < until_ms) {
    const metrics = await (await fetch(`${apiUrl}/metrics`)).text();
    const response = await fetch(`${apiUrl}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: UNTOLD, format: 'TSV' }),
    });
    untold = (await response.text()).trim();
    if (untold === '0' && /^halfopen_rules_evaluations_total [1-9]/m.test(metrics)) return;
    await sleep(200);
  }
  throw new Error(`still to be told: ${untold}`);
}

interface Transition {
  readonly incident: string;
  readonly key: string;
  readonly sequence: number;
  readonly reason: string;
  readonly attempts: number;
  readonly outcomes: number;
  readonly delivered: number;
}

/**
 * Holds what a pager has taken against the incidents' transitions: each is there, in order, and there again only where the
 * process died, or the answer was lost, before the outcome of a call was on record. By its key a pager folds those.
 *
 * @param query of the store, when nobody writes there any more
 */
export async function pagesHold(
  query: Query,
  recorder: PagerDutyRecorder,
): Promise<{ events: number; again: number }> {
  const transitions = await query<Transition>(PAGED);
  assert.ok(transitions.length > 0, 'something had to be paged');
  const keys = [...new Set(transitions.map(({ key }) => key))];
  let again = 0;
  for (const key of keys) {
    const taken = recorder.events.filter(({ dedup_key }) => dedup_key === key);
    const due = transitions.filter((transition) => transition.key === key);
    const told = taken.map(({ event_action, payload }) =>
      event_action === 'resolve' ? 'resolve' : Number(payload?.custom_details?.['sequence']),
    );
    const once = told.filter((one, index) => one !== told[index - 1]);
    const wanted = due.map(({ reason, sequence }) => (reason === 'resolved' ? 'resolve' : sequence));
    assert.deepEqual(once, wanted, `${key}: every transition, in order`);
    for (const { sequence, reason, attempts, outcomes, delivered } of due) {
      const copies = told.filter((one) => one === (reason === 'resolved' ? 'resolve' : sequence)).length;
      assert.equal(delivered, 1, `${key} ${sequence} is on record as delivered`);
      assert.ok(
        copies - 1 <= attempts - delivered,
        `${key} ${sequence}: ${copies} copies, ${attempts} attempts`,
      );
      assert.ok(outcomes <= attempts, `${key} ${sequence}: an outcome belongs to an attempt`);
      again += copies - 1;
    }
  }
  const open = transitions.filter(({ key, sequence }) =>
    transitions.every((other) => other.key !== key || other.sequence <= sequence),
  );
  const firing = open.filter(({ reason }) => reason !== 'resolved').map(({ key }) => key);
  assert.deepEqual(recorder.open(), [...new Set(firing)].sort(), 'who is paged is who fires');
  return { events: recorder.events.length, again };
}

/** Of what pages, the transitions that a pager is told of, as the store has them. */
const PAGED = `SELECT t.incident_id AS incident, t.dedup_key AS key, t.sequence AS sequence, t.reason AS reason,
    toUInt32(uniqExactIf(a.attempt, a.event = 'begun')) AS attempts,
    toUInt32(countIf(a.event NOT IN ('begun', ''))) AS outcomes,
    toUInt32(countIf(a.event = 'delivered')) AS delivered
  FROM incident_transitions AS t
  INNER JOIN notification_routes AS r ON r.incident_id = t.incident_id AND has(r.receivers, 'oncall')
  LEFT JOIN notification_attempts AS a ON a.incident_id = t.incident_id AND a.sequence = t.sequence
  WHERE t.reason IN ('fired', 'changed', 'resolved')
  GROUP BY incident, key, sequence, reason, t.at
  ORDER BY key, t.at, incident, sequence`;
