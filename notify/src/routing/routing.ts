import { RULES, type RuleName, type Severity } from '@halfopen/telemetry';
import type { ReceiverKind } from '../receivers/receiver.js';

/** A condition that is absent holds for all; within one, any value does. */
export interface Route {
  readonly severities?: readonly Severity[] | undefined;
  /** Holds when a channel of the incident is at one of them. */
  readonly sites?: readonly string[] | undefined;
  readonly rules?: readonly string[] | undefined;
  /** Names of receivers. */
  readonly receivers: readonly string[];
  /** Later routes are asked, too. The first that matches is the last otherwise. */
  readonly continue: boolean;
}

export interface Routing {
  readonly routes: readonly Route[];
  /** Who is told where no route matches. */
  readonly otherwise: readonly string[];
}

export interface Routable {
  readonly rule: string;
  readonly severity: Severity;
  readonly sites: readonly string[];
}

/** Who is told of an incident: sorted names, each once. */
export function receiversFor(
  incident: Routable,
  routing: Routing,
  kindOf: (receiver: string) => ReceiverKind | undefined,
): string[] {
  const chosen = new Set<string>();
  let matched = false;
  for (const route of routing.routes) {
    if (!matches(route, incident)) continue;
    matched = true;
    for (const name of route.receivers) if (mayTell(kindOf(name), incident, route)) chosen.add(name);
    if (!route.continue) break;
  }
  if (!matched)
    for (const name of routing.otherwise) if (mayTell(kindOf(name), incident, ANY)) chosen.add(name);
  return [...chosen].sort();
}

/** A route without conditions asks for nothing by its name. */
const ANY: Route = { receivers: [], continue: false };

function matches(route: Route, { rule, severity, sites }: Routable): boolean {
  return (
    (route.severities?.includes(severity) ?? true) &&
    (route.rules?.includes(rule) ?? true) &&
    (route.sites?.some((site) => sites.includes(site)) ?? true)
  );
}

/**
 * Who only informs never pages, and reaches others where a route asks for it by name; a rule that does not page by itself
 * pages where a route names it.
 */
function mayTell(kind: ReceiverKind | undefined, { rule, severity }: Routable, route: Route): boolean {
  const ruleNamed = route.rules?.includes(rule) ?? false;
  switch (kind) {
    case undefined:
      return false;
    case 'pagerduty':
      return !isQuiet(rule, severity) && (pages(rule) || ruleNamed);
    case 'webhook':
      return !isQuiet(rule, severity) || ruleNamed || (route.severities?.includes('info') ?? false);
  }
}

/** Never paged, whatever is configured. */
export function isQuiet(rule: string, severity: Severity): boolean {
  return severity === 'info' || rule === 'telemetry-gap';
}

/** A user's own rule pages by its severity. */
function pages(rule: string): boolean {
  return rule in RULES ? RULES[rule as RuleName].pages : true;
}
