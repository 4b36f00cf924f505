import type { VNode } from 'preact';
import type { IncidentBrief } from '../../contract.js';
import { SEVERITY_ORDER } from '../../model/words.js';
import { Link, Moment, SeverityMark } from '../parts/bits.js';
import { incidentHref } from '../router.js';

/** Enough for a screen; the rest is one step away. */
const SHOWN_MAX = 8;

/** What fires, as sentences. Worst first, then newest. */
export function Firing({ incidents }: { incidents: readonly IncidentBrief[] }): VNode | null {
  if (incidents.length === 0) return null;
  const ordered = [...incidents].sort(
    (a, b) =>
      SEVERITY_ORDER.indexOf(a.severity) - SEVERITY_ORDER.indexOf(b.severity) ||
      b.fired_at.localeCompare(a.fired_at) ||
      a.id.localeCompare(b.id),
  );
  return (
    <ul class="firing" aria-label="Firing incidents">
      {ordered.slice(0, SHOWN_MAX).map((incident) => (
        <li key={incident.id} class={`firing-${incident.severity}`}>
          <SeverityMark severity={incident.severity} />
          <Link href={incidentHref(incident.id)} class="sentence">
            {incident.summary}
          </Link>
          <span class="muted">
            {incident.acknowledged !== null && <span class="tag">taken by {incident.acknowledged.by}</span>}
            {incident.silenced_until !== null && <span class="tag">silenced</span>}
            <Moment at={incident.fired_at} only="relative" />
          </span>
        </li>
      ))}
      {ordered.length > SHOWN_MAX && (
        <li>
          <Link href="/incidents">{ordered.length - SHOWN_MAX} more</Link>
        </li>
      )}
    </ul>
  );
}
