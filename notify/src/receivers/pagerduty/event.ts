import { createHash } from 'node:crypto';
import type { Incident, Link } from '@halfopen/telemetry';
import type { Secret } from '../../secret.js';
import { cut, fit, toJson, type Fitted } from '../fit.js';
import type { Notification } from '../receiver.js';

/** PagerDuty, Events API v2, "Send an alert event": `dedup_key` and `payload.summary`, characters. */
export const DEDUP_KEY_CHARS_MAX = 255;
export const SUMMARY_CHARS_MAX = 1024;

/** No documented bounds; long enough for any name, and for whoever reads links. */
const NAME_CHARS_MAX = 255;
const LINKS_MAX = 20;

/** "The maximum permitted size of an event is 512 KB": the smaller reading of it, UTF-8 bytes. */
export const EVENT_BYTES_MAX = 512_000;

/** Where people find what an incident points at; without a base, relative links stay out of the event. */
export interface LinkBases {
  /** Of the API, as people reach it. */
  readonly publicUrl?: string | undefined;
  /** Of the folder that holds `docs/`. */
  readonly runbooksUrl?: string | undefined;
}

/** The body of an event, with the key in it. */
export function eventBody(notification: Notification, routingKey: Secret, bases: LinkBases): string {
  const { incident, kind } = notification;
  const head = { routing_key: routingKey.reveal(), dedup_key: dedupKey(incident.dedup_key) };
  if (kind === 'resolved') return toJson({ ...head, event_action: 'resolve' });
  if (kind === 'acknowledged') return toJson({ ...head, event_action: 'acknowledge' });
  return fit(incident, EVENT_BYTES_MAX, (fitted) =>
    toJson({
      ...head,
      event_action: 'trigger',
      client: 'Halfopen',
      ...(bases.publicUrl === undefined ? {} : { client_url: bases.publicUrl }),
      payload: payload(fitted, notification.sequence),
      links: absoluteLinks(fitted.incident, bases),
    }),
  );
}

/** PagerDuty folds by it: the same for all events of an incident, whatever its length. */
export function dedupKey(key: string): string {
  if (key !== '' && key.length <= DEDUP_KEY_CHARS_MAX) return key;
  return `halfopen/${createHash('sha256').update(key).digest('hex')}`;
}

function payload({ incident, trimmed }: Fitted, sequence: number): object {
  const { shared, channels } = incident;
  return {
    summary: cut(incident.summary, SUMMARY_CHARS_MAX) || incident.rule,
    source: cut(shared?.value ?? channels[0] ?? '', NAME_CHARS_MAX) || incident.rule,
    // The contract's severities are PagerDuty's own.
    severity: incident.severity,
    timestamp: incident.started_at,
    component: incident.hypotheses[0]?.cause ?? 'unknown-cause',
    class: cut(incident.rule, NAME_CHARS_MAX),
    ...(shared === null ? {} : { group: cut(`${shared.attribute} ${shared.value}`, NAME_CHARS_MAX) }),
    custom_details: {
      incident: incident.id,
      sequence,
      likely_causes: incident.hypotheses.map(({ cause, probability, ...rest }) => ({
        cause,
        probability: Math.round(probability * 100) / 100,
        ...rest,
      })),
      facts: incident.facts.map(({ id, statement, observed, sql }) => ({
        id,
        statement,
        observed,
        ...(sql === '' ? {} : { sql }),
      })),
      unknowns: incident.unknowns,
      next_step: incident.next_step,
      channels,
      runbook: incident.runbook_url,
      ...(trimmed ? { trimmed: 'the API has the rest of this incident' } : {}),
    },
  };
}

function absoluteLinks(incident: Incident, { publicUrl, runbooksUrl }: LinkBases): Link[] {
  const runbook = { text: 'Runbook', href: resolve(incident.runbook_url, runbooksUrl) };
  const others = incident.links.map(({ text, href }) => ({ text, href: resolve(href, publicUrl) }));
  return [runbook, ...others]
    .flatMap(({ text, href }) =>
      href === undefined ? [] : [{ text: cut(text, NAME_CHARS_MAX) || 'Link', href }],
    )
    .slice(0, LINKS_MAX);
}

/** @returns undefined for what no browser could open */
function resolve(href: string, base: string | undefined): string | undefined {
  const isAbsolute = /^https?:\/\//i.test(href);
  if (!isAbsolute && base === undefined) return undefined;
  const folder = base === undefined || base.endsWith('/') ? base : `${base}/`;
  const target = isAbsolute ? href : `./${href.replace(/^\/+/, '')}`;
  return URL.canParse(target, folder) ? new URL(target, folder).href : undefined;
}
