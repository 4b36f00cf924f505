import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { halfopen, temporaryFolder } from '../halfopen.js';

async function filesOf(dir: string): Promise<Map<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(
      files.sort().map(async (file) => [file.slice(dir.length + 1), await readFile(file, 'utf8')] as const),
    ),
  );
}

test('dashboards write: what Grafana mounts, the same bytes each time, and no token', async (t) => {
  const dir = join(await temporaryFolder(t), 'grafana');
  const args = ['dashboards', 'write', dir, '--dashboards-path', '/var/lib/grafana/halfopen'];
  const first = await halfopen(...args);
  assert.equal(first.code, 0, first.stderr);
  const files = await filesOf(dir);
  assert.deepEqual(
    [...files.keys()],
    [
      ...['channel', 'fleet', 'incident', 'pipeline', 'traces'].map(
        (name) => `dashboards/halfopen-${name}.json`,
      ),
      'provisioning/dashboards/halfopen.yaml',
      'provisioning/datasources/halfopen.yaml',
    ],
  );
  assert.equal(first.stdout.split('\n').filter((line) => line !== '').length, files.size);
  assert.match(files.get('provisioning/datasources/halfopen.yaml') ?? '', /password: \$HALFOPEN_TOKEN$/m);
  assert.match(
    files.get('provisioning/dashboards/halfopen.yaml') ?? '',
    /path: \/var\/lib\/grafana\/halfopen/,
  );
  assert.equal((await halfopen(...args)).code, 0);
  assert.deepEqual(await filesOf(dir), files);
});

test('dashboards write: host, port and the address of the console go where they belong', async (t) => {
  const folder = await temporaryFolder(t);
  const config = join(folder, 'halfopen.yaml');
  await writeFile(config, 'notifications: { publicUrl: https://console.example.net }\n');
  const dir = join(folder, 'grafana');
  const { code, stderr } = await halfopen(
    ...['dashboards', 'write', dir, '--config', config, '--host', 'halfopen', '--port', '18123'],
  );
  assert.equal(code, 0, stderr);
  const files = await filesOf(dir);
  const source = files.get('provisioning/datasources/halfopen.yaml') ?? '';
  assert.match(source, /host: halfopen$/m);
  assert.match(source, /port: 18123$/m);
  assert.match(
    files.get('dashboards/halfopen-incident.json') ?? '',
    /https:\/\/console\.example\.net\/incidents\/\$\{__value\.raw\}/,
  );
});

test('dashboards write: a mistake in the call is told with what would be right', async (t) => {
  const folder = await temporaryFolder(t);
  for (const [args, message] of [
    [['--port', '70000'], /--port 70000: expected a port from 1 to 65535/],
    [['--public-url', 'console'], /--public-url console: expected an http or https address/],
  ] as const) {
    const { code, stderr } = await halfopen('dashboards', 'write', join(folder, 'grafana'), ...args);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  const { code, stderr } = await halfopen('dashboards', 'write', file);
  assert.equal(code, 1);
  assert.match(stderr, /could not be written/);
});
