import { randomUUID } from 'node:crypto';
import {
  INCIDENT_STATUSES,
  type Acknowledgement,
  type Incident,
  type IncidentStatus,
  type Silence,
  type SilenceMatchers,
} from '@halfopen/telemetry';
import {
  acknowledge,
  endSilence,
  makeSilence,
  readAcknowledgements,
  readSilenced,
  readSilences,
  readSilencesOf,
  SILENCE_MS_MAX,
} from '@halfopen/notify';
import { readIncident, type RunningRules } from '@halfopen/rules';
import type { Store } from '@halfopen/store';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { IncidentLinks } from './links.js';
import { valid } from './request.js';

export interface IncidentsApiParts {
  readonly store: Store;
  /** Newest first. */
  readonly incidents: RunningRules['incidents'];
  readonly links: IncidentLinks;
  /** Somebody has acknowledged, silenced, or ended a silence. */
  readonly onResponse: () => void;
}

const incidentsQuery = z.strictObject({ status: z.enum([...INCIDENT_STATUSES, 'all']).default('all') });

const text = (chars_max: number) => z.string().trim().max(chars_max);
const by = text(128).min(1);
const acknowledgeBody = z.strictObject({ by, note: text(1000).default('') });
const matcher = z.string().min(1).max(512).optional();
const silenceBody = z.strictObject({
  matchers: z
    .strictObject({ incident: matcher, channel: matcher, site: matcher, rule: matcher })
    .refine(
      (given) => Object.values(given).some((value) => value !== undefined),
      'expected at least one of incident, channel, site, rule: a silence of everything would hide what you do not know of',
    ),
  until: z.iso.datetime({ offset: true, error: 'expected an instant, as 2026-10-01T14:00:00Z' }),
  reason: text(1000).min(1),
  by,
});
const silencesQuery = z.strictObject({ active: z.enum(['true', 'false']).optional() });

/** Incidents, and what people do about them. */
export function addIncidents(app: FastifyInstance, parts: IncidentsApiParts): void {
  const { store } = parts;
  app.get('/api/v1/incidents', async (request) => {
    const { status } = valid(incidentsQuery, request.query);
    return { incidents: await listIncidents(parts, status) };
  });
  app.get<{ Params: { id: string } }>('/api/v1/incidents/:id', async (request, reply) => {
    const detail = await readDetail(parts, request.params.id);
    return detail ?? reply.code(404).send(noIncident(request.params.id));
  });
  app.post<{ Params: { id: string } }>('/api/v1/incidents/:id/acknowledge', async (request, reply) => {
    const { id } = request.params;
    const answered = await acknowledge(store, {
      incidentId: id,
      ...valid(acknowledgeBody, request.body),
      now: Date.now(),
    });
    switch (answered.result) {
      case 'acknowledged':
        parts.onResponse();
        return { acknowledgement: answered.acknowledgement };
      case 'unknown-incident':
        return reply.code(404).send(noIncident(id));
      case 'not-firing':
        return reply
          .code(409)
          .send({ error: `incident ${id} does not fire: there is nothing to take on any more` });
    }
  });
  addSilences(app, parts);
}

export interface ListedIncident extends Incident {
  readonly acknowledged: Acknowledgement | null;
  readonly silenced_until: string | null;
}

/** Incidents with where they lead, who has them, and whether they are silenced. */
export async function listIncidents(
  { store, incidents: read, links }: Omit<IncidentsApiParts, 'onResponse'>,
  status: IncidentStatus | 'all',
): Promise<ListedIncident[]> {
  const incidents = await read(status);
  if (incidents.length === 0) return [];
  const acknowledged = await readAcknowledgements(
    store,
    incidents.map(({ id }) => id),
  );
  const silenced = await readSilenced(store, Date.now());
  return incidents.map((incident) => ({
    ...links.of(incident),
    acknowledged: acknowledged.get(incident.id) ?? null,
    silenced_until: silenced.get(incident.id) ?? null,
  }));
}

function addSilences(app: FastifyInstance, { store, onResponse }: IncidentsApiParts): void {
  app.get('/api/v1/silences', async (request) => {
    const { active } = valid(silencesQuery, request.query);
    const now = Date.now();
    return {
      silences: await readSilences(
        store,
        active === undefined ? { now } : { now, active: active === 'true' },
      ),
    };
  });
  app.post('/api/v1/silences', async (request, reply) => {
    const { matchers, until, ...why } = valid(silenceBody, request.body);
    const now = Date.now();
    const until_ms = Date.parse(until);
    if (until_ms <= now || until_ms - now > SILENCE_MS_MAX)
      return reply.code(400).send({
        error: `until: expected an instant from now to ${SILENCE_MS_MAX / 86_400_000} days ahead, got ${until}`,
      });
    const silence = await makeSilence(store, {
      id: randomUUID(),
      matchers: given(matchers),
      until: until_ms,
      ...why,
      now,
    });
    if (silence === undefined)
      return reply.code(409).send({ error: 'too many silences are active: end those that are not needed' });
    onResponse();
    return reply.code(201).send({ silence });
  });
  app.delete<{ Params: { id: string } }>('/api/v1/silences/:id', async (request, reply) => {
    const { id } = request.params;
    const silence = await endSilence(store, id, '', Date.now());
    if (silence === undefined)
      return reply.code(404).send({ error: `there is no silence ${id.slice(0, 64)}; see /api/v1/silences` });
    onResponse();
    return { silence };
  });
}

function given(
  matchers: Readonly<Partial<Record<keyof SilenceMatchers, string | undefined>>>,
): SilenceMatchers {
  return Object.fromEntries(Object.entries(matchers).filter(([, value]) => value !== undefined));
}

function noIncident(id: string): { error: string } {
  return { error: `there is no incident ${id.slice(0, 64)}; see /api/v1/incidents` };
}

/** One incident, how it came and went, who was told, and what people did about it. */
interface IncidentDetail {
  readonly incident: ListedIncident;
  readonly transitions: readonly TransitionRow[];
  readonly notifications: readonly NotificationRow[];
  readonly acknowledgement: Acknowledgement | null;
  readonly silences: readonly Silence[];
}

interface TransitionRow {
  readonly sequence: number;
  /** pending, firing, resolved or inactive */
  readonly status: string;
  /** noticed, fired, changed, resolved or passed */
  readonly reason: string;
  /** Evaluation instant, event time. */
  readonly at: string;
  readonly recorded_at: string;
  readonly severity: string;
  readonly summary: string;
}

interface NotificationRow {
  readonly receiver: string;
  /** Of the transition; 0 is the acknowledgement. */
  readonly sequence: number;
  /** delivered, refused, failed or begun */
  readonly outcome: string;
  readonly attempts: number;
  readonly last_at: string;
  /** HTTP status of the last answer, 0 if none came. */
  readonly status: number;
  readonly answer: string;
}

/** An incident changes each time that its first cause does. */
const TRANSITIONS_MAX = 1000;

async function readDetail(
  { store, links }: IncidentsApiParts,
  id: string,
): Promise<IncidentDetail | undefined> {
  const incident = await readIncident(store, id);
  if (incident === undefined) return undefined;
  const now = Date.now();
  const iso = (column: string) => `concat(formatDateTime(${column}, '%FT%T', 'UTC'), 'Z')`;
  const params = { id };
  const [transitions, notifications, silences, acknowledgements] = await Promise.all([
    store.query<TransitionRow>(
      `SELECT t.sequence AS sequence, t.status AS status, t.reason AS reason, ${iso('t.at')} AS at, ${iso('t.inserted_at')} AS recorded_at,
         t.severity AS severity, t.summary AS summary
       FROM incident_transitions AS t WHERE t.incident_id = {id:String} ORDER BY t.sequence LIMIT ${TRANSITIONS_MAX}`,
      { params },
    ),
    store.query<NotificationRow>(
      `SELECT n.receiver AS receiver, n.sequence AS sequence, n.outcome AS outcome, n.attempts AS attempts, ${iso('n.last_at')} AS last_at,
         n.status AS status, n.answer AS answer
       FROM notifications AS n WHERE n.incident_id = {id:String} ORDER BY n.first_at, n.receiver, n.sequence LIMIT ${TRANSITIONS_MAX}`,
      { params },
    ),
    readSilencesOf(store, id, now),
    readAcknowledgements(store, [id]),
  ]);
  const acknowledgement = acknowledgements.get(id) ?? null;
  const active = silences.filter((silence) => silence.active).map(({ until }) => until);
  return {
    incident: {
      ...(await links.withTrace(incident)),
      acknowledged: acknowledgement,
      silenced_until: active.sort().at(-1) ?? null,
    },
    transitions,
    notifications,
    acknowledgement,
    silences,
  };
}
