import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { afterwards } from './afterwards.js';
import { halfopen, sample, temporaryFolder, up } from './halfopen.js';

test('while up runs, the other commands go through its ports, and a second owner is refused', async (t) => {
  const data = await temporaryFolder(t);
  const running = await up(data);
  const second = await halfopen('up', '--data', data);
  assert.equal(second.code, 3);
  assert.match(second.stderr, new RegExp(`belongs to halfopen up \\(process ${running.pid}, since 20`));

  const imported = await halfopen('import', sample('listener-down'), '--data', data);
  assert.deepEqual(
    [imported.code, imported.stdout],
    [0, '412 spans in 304 requests from listener-down.jsonl.gz\n'],
  );
  const counted = await halfopen('sql', 'SELECT count() FROM otel_traces', '--format', 'TSV', '--data', data);
  assert.equal(counted.stdout, '412\n');
  const refused = await halfopen('sql', 'DROP TABLE otel_traces', '--data', data);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^halfopen: .*SELECT/);
  const explained = await halfopen('explain', 'agent-1', '--at', '2026-10-01T12:03:00Z', '--data', data);
  assert.match(explained.stdout, /likeliest cause: listener-down/);
  const backtest = await halfopen(
    'rules',
    'backtest',
    '--from',
    '2026-10-01T12:01:30Z',
    '--to',
    '2026-10-01T12:01:50Z',
    '--json',
    '--data',
    data,
  );
  assert.equal(backtest.stdout.trim().split('\n').length, 1, backtest.stderr);
  assert.equal((await running.stop('SIGTERM')).code, 0);
});

test('a process that was killed leaves no lock behind, and nothing that was acknowledged is lost', async (t) => {
  const data = await temporaryFolder(t);
  const first = await up(data);
  await halfopen('import', sample('listener-down'), '--data', data);
  await first.stop('SIGKILL');
  const second = await up(data);
  const counted = await halfopen('sql', 'SELECT count() FROM otel_traces', '--format', 'TSV', '--data', data);
  assert.equal(counted.stdout, '412\n');
  assert.equal((await second.stop('SIGINT')).code, 0);
});

test('a port that is taken is named, with what to do', async (t) => {
  const data = await temporaryFolder(t);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  afterwards(t, () => other.close());
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await halfopen(
    'up',
    '--data',
    data,
    '--otlp-port',
    String(port),
    '--sql-port',
    '0',
    '--api-port',
    '0',
  );
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(
      `port ${port} is taken by another program: choose another with --otlp-port, or collector.port`,
    ),
  );
});

test('the API answers its own kind of questions only', async (t) => {
  const data = await temporaryFolder(t);
  const running = await up(data);
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${running.apiUrl}${path}`, init);
    return { status: response.status, body: await response.text() };
  };
  assert.deepEqual(await ask('/api/v1/incidents'), { status: 200, body: '{"incidents":[]}' });
  for (const status of ['firing', 'resolved', 'all'])
    assert.equal((await ask(`/api/v1/incidents?status=${status}`)).status, 200);
  assert.equal((await ask('/api/v1/incidents?status=burning')).status, 400);
  assert.equal((await ask('/api/v1/explain')).status, 400);
  assert.equal(
    (await ask(`/api/v1/explain?channel=${encodeURIComponent("a'\\\u0000\u{1F600}--")}`)).status,
    200,
  );
  assert.equal((await ask('/api/v1/explain?channel=a&at=yesterday')).status, 400);
  const post = (path: string, body: string) =>
    ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  assert.deepEqual(await post('/api/v1/sql', '{"query":"SELECT 1","format":"TSV"}'), {
    status: 200,
    body: '1\n',
  });
  assert.equal((await post('/api/v1/sql', '{"query":')).status, 400);
  assert.equal((await post('/api/v1/sql', '{"query":"SELECT file(\'/etc/hostname\')"}')).status, 400);
  assert.equal((await post('/api/v1/sql', `{"query":"${'x'.repeat(2_000_000)}"}`)).status, 413);
  assert.equal((await post('/api/v1/backtest', '{"fromMs":0,"toMs":1e15,"stepMs":1000}')).status, 400);
  assert.equal(
    (await ask('/api/v1/incidents', { headers: { origin: 'https://elsewhere.example' } })).status,
    403,
  );
  assert.equal((await ask('/nowhere')).status, 404);
  assert.deepEqual((await ask('/healthz')).status, 200);
  assert.deepEqual(await ask('/readyz'), { status: 200, body: '{"ready":true,"reasons":[]}' });
  assert.match((await ask('/metrics')).body, /^halfopen_rules_evaluations_total /m);
  assert.equal((await running.stop('SIGINT')).code, 0);
});

test('with a token, both doors ask for it, and it never shows', async (t) => {
  const data = await temporaryFolder(t);
  const token = 'correct-horse-battery-staple';
  const config = join(data, 'token.yaml');
  await writeFile(config, `token: ${token}\nlog: { level: debug }\n`);
  const running = await up(data, '--config', config);
  const incidents = (headers: Record<string, string>) =>
    fetch(`${running.apiUrl}/api/v1/incidents`, { headers });
  assert.equal((await incidents({})).status, 401);
  assert.equal((await incidents({ authorization: 'Bearer wrong' })).status, 401);
  assert.equal((await incidents({ authorization: `Bearer ${token}` })).status, 200);
  const traces = (headers: Record<string, string>) =>
    fetch(`${running.collectorUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
  assert.equal((await traces({})).status, 401);
  assert.equal((await traces({ authorization: `Bearer ${token}` })).status, 200);
  const refused = await halfopen('import', sample('listener-down'), '--data', data);
  assert.equal(refused.code, 1, 'without the token the running process refuses');
  const imported = await halfopen('import', sample('listener-down'), '--data', data, '--config', config);
  assert.equal(imported.code, 0, imported.stderr);
  const checked = await halfopen('config', 'check', '--config', config);
  const { stdout, stderr } = await running.stop('SIGINT');
  for (const text of [stdout, stderr, checked.stdout, refused.stderr]) assert.ok(!text.includes(token));
});
