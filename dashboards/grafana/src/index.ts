export {
  dashboards,
  panelQueries,
  type DashboardOptions,
  type PanelQuery,
  type RenderedDashboard,
} from './dashboards.js';
export { channelDashboardUrl, incidentDashboardUrl, traceUrl } from './links.js';
export { DASHBOARD_UIDS, DATASOURCE_TYPE, DATASOURCE_UID, type DashboardName } from './names.js';
export { PASSWORD_VARIABLE, provisioningFiles, type ProvisioningOptions } from './provisioning.js';
