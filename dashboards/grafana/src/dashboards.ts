import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { channel } from './dashboards/channel.js';
import { fleet } from './dashboards/fleet.js';
import { incident } from './dashboards/incident.js';
import { pipeline } from './dashboards/pipeline.js';
import { traces } from './dashboards/traces.js';
import { withoutSlash } from './links.js';
import { DASHBOARD_UIDS, type DashboardName } from './names.js';
import { readQueries } from './queries.js';
import { renderDashboard } from './render.js';
import type { DashboardSpec, View } from './specs.js';

export interface DashboardOptions {
  /** Of the console, as the reader's browser reaches it. @default http://127.0.0.1:8321 */
  readonly publicUrl?: string | undefined;
  /** Of the folder that holds `docs/`; without it incidents do not link to their runbook. */
  readonly runbooksUrl?: string | undefined;
}

export interface RenderedDashboard {
  readonly uid: string;
  readonly title: string;
  /** What Grafana loads. */
  readonly json: Dashboard;
}

/** Every dashboard, in the order of a reader's questions. */
export function dashboards(options: DashboardOptions = {}): RenderedDashboard[] {
  return specs(options).map((spec) => ({
    uid: DASHBOARD_UIDS[spec.name],
    title: spec.title,
    json: renderDashboard(spec),
  }));
}

/** A query that Grafana sends for us: with macros and variables, as the panel or variable holds it. */
export interface PanelQuery {
  readonly dashboard: DashboardName;
  /** As in `queries/<dashboard>.sql`. */
  readonly name: string;
  /** Absent for the query of a variable. */
  readonly view?: View;
  readonly title: string;
  readonly sql: string;
}

/** Every query of every panel and variable, for those who want to run them all. */
export function panelQueries(): PanelQuery[] {
  return specs({}).flatMap((spec) => {
    const queries = readQueries(spec.name);
    const of = (name: string): string => queries.get(name) ?? '';
    return [
      ...spec.variables
        .filter(({ kind }) => kind === 'query')
        .map(({ name, label }) => ({
          dashboard: spec.name,
          name: `variable_${name}`,
          title: `Variable: ${label}`,
          sql: of(`variable_${name}`),
        })),
      ...spec.rows
        .flatMap(({ panels }) => panels)
        .map(({ query, view, title }) => ({
          dashboard: spec.name,
          name: query,
          view,
          title,
          sql: of(query),
        })),
    ];
  });
}

function specs({ publicUrl = 'http://127.0.0.1:8321', runbooksUrl = '' }: DashboardOptions): DashboardSpec[] {
  const addresses = { publicUrl: withoutSlash(publicUrl), runbooksUrl: withoutSlash(runbooksUrl) };
  return [fleet(addresses), channel, incident(addresses), pipeline, traces];
}
