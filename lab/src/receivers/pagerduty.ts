import { FaultyServer, type Answer, type Call } from './faulty-server.js';

/** An event that PagerDuty would have taken. */
export interface PagerDutyEvent {
  readonly routing_key: string;
  readonly event_action: 'trigger' | 'acknowledge' | 'resolve';
  readonly dedup_key: string;
  readonly client?: string;
  readonly client_url?: string;
  readonly payload?: {
    readonly summary: string;
    readonly source: string;
    readonly severity: 'critical' | 'error' | 'warning' | 'info';
    readonly timestamp?: string;
    readonly component?: string;
    readonly group?: string;
    readonly class?: string;
    readonly custom_details?: Readonly<Record<string, unknown>>;
  };
  readonly links?: readonly { readonly href: string; readonly text?: string }[];
}

export interface PagerDutyRecorderOptions {
  /** ms since the epoch, for the rate limit. */
  readonly now?: () => number;
  /** Events of one key in any minute. */
  readonly perMinute?: number;
}

/** The stricter reading of "512 KB". */
const EVENT_BYTES_MAX = 512_000;
const PER_MINUTE_MAX = 120;

/** PagerDuty's Events API v2 on loopback, with its limits; it keeps what it takes, and fails when told to. */
export class PagerDutyRecorder extends FaultyServer {
  readonly events: PagerDutyEvent[] = [];
  /** Why events were not taken: bodies of 400s. */
  readonly refusals: string[] = [];

  constructor(options: PagerDutyRecorderOptions = {}) {
    const { now = () => Date.now(), perMinute = PER_MINUTE_MAX } = options;
    const takenAt_ms = new Map<string, number[]>();
    super((call) => {
      const errors = errorsOf(call);
      if (errors.length > 0) {
        const body = JSON.stringify({ status: 'invalid event', message: 'Event object is invalid', errors });
        this.refusals.push(body);
        return json(400, body);
      }
      const event = JSON.parse(call.body) as PagerDutyEvent;
      const recent = (takenAt_ms.get(event.routing_key) ?? []).filter((at) => at > now() - 60_000);
      if (recent.length >= perMinute) return json(429, '{"message":"Rate limit exceeded"}');
      takenAt_ms.set(event.routing_key, [...recent, now()]);
      this.events.push(event);
      const { dedup_key } = event;
      return json(202, JSON.stringify({ status: 'success', message: 'Event processed', dedup_key }));
    });
  }

  /** As a person sees them: by dedup key, what is still triggered. A resolve of what is not triggered does nothing. */
  open(): string[] {
    const open = new Set<string>();
    for (const { event_action, dedup_key } of this.events) {
      if (event_action === 'trigger') open.add(dedup_key);
      else if (event_action === 'resolve') open.delete(dedup_key);
    }
    return [...open].sort();
  }
}

function json(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body };
}

type Check = (value: unknown) => boolean;

const text =
  (chars_max: number): Check =>
  (value) =>
    typeof value === 'string' && value !== '' && value.length <= chars_max && wellFormed(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string);
const address: Check = (value) =>
  typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value);

const EVENT: Readonly<Record<string, Check>> = {
  routing_key: (value) => typeof value === 'string' && /^[A-Za-z0-9]{32}$/.test(value),
  event_action: oneOf('trigger', 'acknowledge', 'resolve'),
  dedup_key: optional(text(255)),
  client: optional(text(1024)),
  client_url: optional(address),
  payload: optional((value) => typeof value === 'object' && value !== null),
  links: optional(
    (value) =>
      Array.isArray(value) &&
      value.every(
        (link: unknown) =>
          typeof link === 'object' &&
          link !== null &&
          wrongKeys(link, { href: address, text: optional(text(1024)) }).length === 0,
      ),
  ),
  images: optional(Array.isArray),
};

const PAYLOAD: Readonly<Record<string, Check>> = {
  summary: text(1024),
  source: text(1024),
  severity: oneOf('critical', 'error', 'warning', 'info'),
  timestamp: optional((value) => typeof value === 'string' && !Number.isNaN(Date.parse(value))),
  component: optional(text(1024)),
  group: optional(text(1024)),
  class: optional(text(1024)),
  custom_details: optional((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
};

/** In the manner of PagerDuty's own errors; stricter, in that it knows no other keys. */
function errorsOf({ method, path, headers, body }: Call): string[] {
  if (method !== 'POST' || path !== '/v2/enqueue') return [`${method} ${path} is not POST /v2/enqueue`];
  if (!(headers['content-type'] ?? '').startsWith('application/json')) return ['content-type is not JSON'];
  if (Buffer.byteLength(body) > EVENT_BYTES_MAX) return ['the event is larger than 512 KB'];
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    return ['the body is not JSON'];
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return ['the body is no object'];
  const { event_action: action, payload, dedup_key: key } = event as Partial<Record<string, unknown>>;
  const wrong = wrongKeys(event, EVENT);
  if (action !== 'trigger' && key === undefined) wrong.push("'dedup_key' is missing");
  if (action === 'trigger' && payload === undefined) wrong.push("'payload' is missing");
  if (typeof payload === 'object' && payload !== null) wrong.push(...wrongKeys(payload, PAYLOAD));
  return wrong;
}

function wrongKeys(value: object, checks: Readonly<Record<string, Check>>): string[] {
  const given = value as Partial<Record<string, unknown>>;
  return [
    ...Object.keys(given)
      .filter((key) => !(key in checks))
      .map((key) => `'${key}' is unknown`),
    ...Object.entries(checks)
      .filter(([key, check]) => !check(given[key]))
      .map(([key]) => `'${key}' is missing or blank, too long or of the wrong kind`),
  ];
}

function wellFormed(value: string): boolean {
  return Buffer.from(value, 'utf8').toString('utf8') === value;
}
