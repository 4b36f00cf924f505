import assert from 'node:assert/strict';
import test from 'node:test';
import { parse } from 'yaml';
import { DATASOURCE_UID, PASSWORD_VARIABLE, provisioningFiles } from '../src/index.js';

const OPTIONS = {
  host: 'halfopen.internal',
  port: 18123,
  publicUrl: 'https://halfopen.example.net',
  dashboardsPath: '/var/lib/grafana/halfopen',
} as const;

interface Datasources {
  readonly datasources: readonly {
    readonly uid: string;
    readonly type: string;
    readonly jsonData: Readonly<Record<string, unknown>>;
    readonly secureJsonData: Readonly<Record<string, string>>;
  }[];
}

test('the files that Grafana mounts, the same bytes each time', () => {
  const files = provisioningFiles(OPTIONS);
  assert.deepEqual([...files], [...provisioningFiles(OPTIONS)]);
  for (const [name, text] of files) {
    if (name.endsWith('.json')) assert.equal((JSON.parse(text) as { uid: string }).uid, name.slice(11, -5));
  }
});

test('the data source: over HTTP, traces without set-up, the token from the environment alone', () => {
  const text = provisioningFiles(OPTIONS).get('provisioning/datasources/halfopen.yaml') ?? '';
  const [source] = (parse(text) as Datasources).datasources;
  assert.equal(source?.uid, DATASOURCE_UID);
  assert.equal(source.type, 'grafana-clickhouse-datasource');
  assert.equal(source.jsonData['protocol'], 'http');
  assert.equal(source.jsonData['host'], 'halfopen.internal');
  assert.equal(source.jsonData['port'], 18123);
  assert.deepEqual(source.jsonData['traces'], {
    defaultDatabase: 'default',
    defaultTable: 'otel_traces',
    otelEnabled: true,
    otelVersion: 'latest',
    durationUnit: 'nanoseconds',
  });
  assert.deepEqual(source.secureJsonData, { password: `$${PASSWORD_VARIABLE}` });
});

test('the data source of a ClickHouse server: its user, and the file that holds the password', () => {
  const options = { ...OPTIONS, username: 'grafana', passwordFile: '/run/secrets/clickhouse-grafana' };
  const text = provisioningFiles(options).get('provisioning/datasources/halfopen.yaml') ?? '';
  const [source] = (parse(text) as Datasources).datasources;
  assert.equal(source?.jsonData['username'], 'grafana');
  assert.deepEqual(source.secureJsonData, { password: '$__file{/run/secrets/clickhouse-grafana}' });
});

test('the folder, where the dashboards are', () => {
  const text = provisioningFiles(OPTIONS).get('provisioning/dashboards/halfopen.yaml') ?? '';
  const { providers } = parse(text) as {
    providers: { folder: string; options: { path: string } }[];
  };
  assert.equal(providers[0]?.folder, 'Halfopen');
  assert.equal(providers[0].options.path, '/var/lib/grafana/halfopen');
});
