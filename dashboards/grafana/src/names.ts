/** Names that addresses are made of: they never change. */
export const DASHBOARD_UIDS = {
  fleet: 'halfopen-fleet',
  channel: 'halfopen-channel',
  incident: 'halfopen-incident',
  pipeline: 'halfopen-pipeline',
  traces: 'halfopen-traces',
} as const;
export type DashboardName = keyof typeof DASHBOARD_UIDS;

export const DATASOURCE_UID = 'halfopen';
export const DATASOURCE_TYPE = 'grafana-clickhouse-datasource';

/** The plugin's version whose queries these are; newer ones take them too. */
export const PLUGIN_VERSION = '4.14.0';
