import type { PeopleStore } from '@halfopen/store';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ConsoleAnswer, IncidentBrief, ListedIncident } from '../contract.js';
import { Ask } from './ask.js';
import { readChannel, storedRange } from './channel.js';
import { Fleet } from './fleet.js';
import { readFrame, readFrames } from './frames.js';
import { addPages } from './pages.js';
import {
  assertRange,
  channelParams,
  channelQuery,
  FRAMES_RANGE_MS_MAX,
  fleetQuery,
  frameQuery,
  framesQuery,
  valid,
} from './questions.js';
import { Viewers, VIEWERS_MAX } from './viewers.js';

export interface ConsoleOptions {
  readonly store: PeopleStore;
  /** Firing incidents, as the API lists them. */
  readonly firing: () => Promise<readonly ListedIncident[]>;
  readonly links: { readonly grafanaUrl?: string; readonly collectorUrl?: () => string | undefined };
  readonly version: string;
  /** Told what a viewer cannot be told: why the fleet could not be read. */
  readonly failed: (error: unknown) => void;
}

/** A channel's page shows so much where nobody says: what comes before the fault, and the fault. */
const RANGE_MS = 15 * 60_000;
/** The fleet's row still speaks of the end of the range. */
const SAME_INSTANT_MS = 30_000;
const FIRING_MAX = 200;
const CHANNELS_OF_INCIDENT_MAX = 2_000;

/** The console's pages and what they ask. The caller guards everything under `/api/` and closes the server before the store. */
export async function addConsole(app: FastifyInstance, options: ConsoleOptions): Promise<void> {
  const ask = new Ask(options.store);
  const firing = async (): Promise<IncidentBrief[]> =>
    (await options.firing()).slice(0, FIRING_MAX).map(briefOf);
  const fleet = new Fleet(ask, firing);
  const viewers = new Viewers({ fleet: () => fleet.current(), firing, failed: options.failed });
  app.addHook('preClose', async () => {
    viewers.close();
    await ask.close();
  });
  app.get('/api/v1/console', (): ConsoleAnswer => ({
    version: options.version,
    grafana_url: options.links.grafanaUrl?.replace(/\/+$/, '') ?? null,
    collector_url: options.links.collectorUrl?.() ?? null,
  }));
  app.get('/api/v1/fleet', async (request) => {
    const { at } = valid(fleetQuery, request.query);
    return at === undefined ? fleet.current() : fleet.at(at);
  });
  app.get('/api/v1/events', (request, reply) => {
    streamTo(reply, viewers, request.headers['last-event-id']);
  });
  addChannelRoutes(app, ask, fleet, firing);
  await addPages(app);
}

function addChannelRoutes(
  app: FastifyInstance,
  ask: Ask,
  fleet: Fleet,
  firing: () => Promise<readonly IncidentBrief[]>,
): void {
  app.get('/api/v1/channels/:id', async (request, reply) => {
    const { id } = valid(channelParams, request.params);
    const { from, to } = valid(channelQuery, request.query);
    const to_ms = to ?? (await lastOf(ask, id));
    const from_ms = from ?? to_ms - RANGE_MS;
    assertRange(from_ms, to_ms);
    const row = fleet.row(id, to_ms, SAME_INSTANT_MS);
    return readChannel(ask, { id, from_ms, to_ms }, row, await firing(), untilGone(reply));
  });
  app.get('/api/v1/channels/:id/frames', async (request, reply) => {
    const { id } = valid(channelParams, request.params);
    const { from, to, kind, limit, after } = valid(framesQuery, request.query);
    assertRange(from, to, FRAMES_RANGE_MS_MAX);
    return readFrames(ask, { id, from_ms: from, to_ms: to, kinds: kind, limit, after }, untilGone(reply));
  });
  app.get('/api/v1/channels/:id/frame', async (request, reply) => {
    const { id } = valid(channelParams, request.params);
    return readFrame(ask, { id, ...valid(frameQuery, request.query) }, untilGone(reply));
  });
}

/** Now, or the end of what is stored of the channel when that is old. */
async function lastOf(ask: Ask, id: string): Promise<number> {
  const stored = await storedRange(ask, id);
  const now_ms = Date.now();
  return stored === null || now_ms - stored.last_ms < RANGE_MS
    ? now_ms
    : Math.ceil(stored.last_ms / 1000) * 1000;
}

/** Nobody waits for the answer of a page that has been left. */
function untilGone(reply: FastifyReply): AbortSignal {
  const stop = new AbortController();
  reply.raw.once('close', () => {
    stop.abort();
  });
  return stop.signal;
}

function streamTo(reply: FastifyReply, viewers: Viewers, lastEventId: string | string[] | undefined): void {
  if (viewers.count >= VIEWERS_MAX) {
    void reply
      .code(503)
      .header('retry-after', '10')
      .send({ error: `${VIEWERS_MAX} pages are open already; close some, or try again` });
    return;
  }
  const headers = reply.getHeaders() as Record<string, string>;
  reply.hijack();
  reply.raw.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    // Proxies that would keep the stream back (nginx).
    'x-accel-buffering': 'no',
  });
  reply.raw.socket?.setNoDelay(true);
  viewers.add(reply.raw, typeof lastEventId === 'string' ? lastEventId : undefined);
}

function briefOf(incident: ListedIncident): IncidentBrief {
  const { id, rule, severity, summary, channels, started_at, fired_at } = incident;
  return {
    id,
    rule,
    severity,
    summary,
    channels: channels.slice(0, CHANNELS_OF_INCIDENT_MAX),
    channel_count: channels.length,
    started_at,
    fired_at,
    acknowledged: incident.acknowledged,
    silenced_until: incident.silenced_until,
  };
}
