import { DASHBOARD_UIDS } from './names.js';

/** A link of a table's cell or of a series. */
export interface Link {
  readonly title: string;
  /** With Grafana's variables, which it encodes for an address. */
  readonly url: string;
}

/** The range of the page that the link stands on. */
const SAME_TIME = '${__url_time_range}';

/** Relative addresses that begin with `/d/`: Grafana puts its own path before them. */
export function toChannel(value = '${__value.raw}'): Link {
  return {
    title: 'Both ends of this channel',
    url: `/d/${DASHBOARD_UIDS.channel}?var-channel=${value}&${SAME_TIME}`,
  };
}

export function toIncident(value = '${__value.raw}'): Link {
  return {
    title: 'What is known of this incident',
    url: `/d/${DASHBOARD_UIDS.incident}?var-incident=${value}&${SAME_TIME}`,
  };
}

export function toTrace(value = '${__value.raw}'): Link {
  return {
    title: 'The trace of this frame',
    url: `/d/${DASHBOARD_UIDS.traces}?var-trace_id=${value}&${SAME_TIME}`,
  };
}

/** The incident's page in the console, where it can be acknowledged and silenced. */
export function toConsoleIncident(publicUrl: string, value = '${__value.raw}'): Link {
  return { title: 'Open in the console', url: `${publicUrl}/incidents/${value}` };
}

/** Where the channel is shown, both ends side by side. Moments are ms since the epoch. */
export function channelDashboardUrl(
  grafanaUrl: string,
  channel: string,
  fromMs: number,
  toMs: number,
): string {
  return dashboardUrl(grafanaUrl, 'channel', { 'var-channel': channel, ...range(fromMs, toMs) });
}

/** Where the incident is shown. Moments are ms since the epoch; it is shown as it stood at `toMs`. */
export function incidentDashboardUrl(
  grafanaUrl: string,
  incidentId: string,
  fromMs: number,
  toMs: number,
): string {
  return dashboardUrl(grafanaUrl, 'incident', { 'var-incident': incidentId, ...range(fromMs, toMs) });
}

/** Where the trace is shown. Its own times are looked up, so that a range matters only to the search beside it. */
export function traceUrl(
  grafanaUrl: string,
  traceId: string,
  { fromMs, toMs }: { readonly fromMs?: number; readonly toMs?: number } = {},
): string {
  const around = fromMs === undefined || toMs === undefined ? {} : range(fromMs, toMs);
  return dashboardUrl(grafanaUrl, 'traces', { 'var-trace_id': traceId, ...around });
}

function range(fromMs: number, toMs: number): Record<string, string> {
  return { from: String(Math.floor(fromMs)), to: String(Math.ceil(toMs)) };
}

function dashboardUrl(
  grafanaUrl: string,
  dashboard: keyof typeof DASHBOARD_UIDS,
  query: Readonly<Record<string, string>>,
): string {
  return `${withoutSlash(grafanaUrl)}/d/${DASHBOARD_UIDS[dashboard]}?${new URLSearchParams(query).toString()}`;
}

export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
