import { stringify } from 'yaml';
import { dashboards, type DashboardOptions } from './dashboards.js';
import { DATASOURCE_TYPE, DATASOURCE_UID, PLUGIN_VERSION } from './names.js';

export interface ProvisioningOptions extends DashboardOptions {
  /** Where Grafana reaches Halfopen's ClickHouse port. @default 127.0.0.1 */
  readonly host?: string;
  /** @default 8123 */
  readonly port?: number;
  /** `halfopen up` takes any, a ClickHouse server one of its own. @default halfopen */
  readonly username?: string;
  /** A file of Grafana's that holds the password. @default its environment's `HALFOPEN_TOKEN` */
  readonly passwordFile?: string;
  /** Where Grafana finds the folder `dashboards/`. */
  readonly dashboardsPath: string;
}

/** The environment variable of Grafana that holds the token: it is never written to a file of ours. */
export const PASSWORD_VARIABLE = 'HALFOPEN_TOKEN';

const HEADER = '# Written by `halfopen dashboards write`; the next time it writes over this.\n';

/** All that Grafana needs, by the path of each file. The same options give the same bytes. */
export function provisioningFiles(options: ProvisioningOptions): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { uid, json } of dashboards(options))
    files.set(`dashboards/${uid}.json`, `${JSON.stringify(json, undefined, 2)}\n`);
  files.set('provisioning/datasources/halfopen.yaml', HEADER + stringify(datasources(options)));
  files.set('provisioning/dashboards/halfopen.yaml', HEADER + stringify(providers(options)));
  return files;
}

/** Settings as the plugin's own page saves them (types/config.ts of the plugin). */
function datasources(options: ProvisioningOptions): unknown {
  const { host = '127.0.0.1', port = 8123, username = 'halfopen', passwordFile } = options;
  return {
    apiVersion: 1,
    datasources: [
      {
        name: 'Halfopen',
        uid: DATASOURCE_UID,
        type: DATASOURCE_TYPE,
        access: 'proxy',
        editable: false,
        jsonData: {
          version: PLUGIN_VERSION,
          host,
          port,
          protocol: 'http',
          secure: false,
          username,
          defaultDatabase: 'default',
          dialTimeout: '10',
          queryTimeout: '60',
          // Traces in Explore, and behind every trace id, without set-up.
          traces: {
            defaultDatabase: 'default',
            defaultTable: 'otel_traces',
            otelEnabled: true,
            otelVersion: 'latest',
            durationUnit: 'nanoseconds',
          },
        },
        // Grafana puts in what its own environment or file holds.
        secureJsonData: {
          password: passwordFile === undefined ? `$${PASSWORD_VARIABLE}` : `$__file{${passwordFile}}`,
        },
      },
    ],
  };
}

function providers({ dashboardsPath }: ProvisioningOptions): unknown {
  return {
    apiVersion: 1,
    providers: [
      {
        name: 'halfopen',
        folder: 'Halfopen',
        folderUid: 'halfopen',
        type: 'file',
        allowUiUpdates: false,
        updateIntervalSeconds: 30,
        options: { path: dashboardsPath, foldersFromFilesStructure: false },
      },
    ],
  };
}
