import type { Store } from '@halfopen/store';

export interface FiringCount {
  readonly rule: string;
  readonly cause: string;
  /** `channel.site` of all its channels; `several`, empty where nobody told, `other` past {@link SITES_MAX}. */
  readonly site: string;
  readonly incidents: number;
}

/** Sites that have a series of their own: those with the most incidents. */
const SITES_MAX = 50;

/** Incidents firing now. Rules and causes are few; sites are bounded. */
export async function countFiring(store: Store): Promise<FiringCount[]> {
  const rows = await store.query<FiringCount>(
    `SELECT i.rule AS rule, i.cause AS cause, multiIf(length(r.sites) = 1, r.sites[1], empty(r.sites), '', 'several') AS site,
       toUInt32(count()) AS incidents
     FROM incidents AS i
     LEFT JOIN (SELECT incident_id, any(sites) AS sites FROM notification_routes GROUP BY incident_id) AS r ON r.incident_id = i.id
     WHERE i.status = 'firing'
     GROUP BY rule, cause, site
     ORDER BY incidents DESC, rule, cause, site`,
  );
  const named = new Set([...new Set(rows.map(({ site }) => site))].slice(0, SITES_MAX));
  const merged = new Map<string, FiringCount>();
  for (const row of rows) {
    const site = named.has(row.site) ? row.site : 'other';
    const key = JSON.stringify([row.rule, row.cause, site]);
    const incidents = (merged.get(key)?.incidents ?? 0) + row.incidents;
    merged.set(key, { ...row, site, incidents });
  }
  return [...merged.values()];
}
