import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { loadConfig } from '../../src/config/load.js';
import { Failure } from '../../src/failure.js';
import { temporaryFolder } from '../halfopen.js';

const KEY = '0123456789abcdef0123456789abcdef';
const PAGER = `{ name: oncall, kind: pagerduty, routingKey: ${KEY} }`;

/** The third line is the first of them. */
function receivers(...given: readonly string[]): string {
  return `notifications:\n  receivers:\n${given.map((receiver) => `    - ${receiver}\n`).join('')}`;
}

/** What somebody writes, and what he must be told: file and line, key, what is wrong, a right value. */
const MISTAKES: readonly (readonly [name: string, yaml: string, told: RegExp])[] = [
  ['an unknown key', 'dta: ./x\n', /halfopen\.yaml:1:\d+ dta: unknown key; did you mean data\?/],
  [
    'an unknown key within',
    'collector:\n  prot: 4318\n',
    /halfopen\.yaml:2:\d+ collector\.prot: unknown key; did you mean port\? \(known are host, port/,
  ],
  ['a key like none', 'zebra: 1\n', /zebra: unknown key; known are data, token/],
  [
    'a text for a number',
    'collector:\n  wireBytesMax: "16 MB"\n',
    /halfopen\.yaml:2:\d+ collector\.wireBytesMax: expected number.*got "16 MB"; for example wireBytesMax: 20971520/,
  ],
  ['a port out of range', 'api: { port: 70000 }\n', /api\.port: .*65535.*got 70000; for example port: 8321/],
  [
    'a negative number',
    'retention: { telemetryDays: -1 }\n',
    /retention\.telemetryDays: .*for example telemetryDays: 14/,
  ],
  ['a fraction', 'rules: { intervalMs: 1000.5 }\n', /rules\.intervalMs: .*int.*for example intervalMs: 5000/],
  ['an interval too short', 'rules: { intervalMs: 1 }\n', /rules\.intervalMs: .*250/],
  [
    'a level that is none',
    'log: { level: loud }\n',
    /log\.level: .*"debug"\|"info".*for example level: info/,
  ],
  [
    'a word for a truth',
    'storage: { fsync: "yes" }\n',
    /storage\.fsync: expected boolean.*for example fsync: false/,
  ],
  ['a list for a section', 'collector: [1, 2]\n', /collector: expected object/],
  ['a list at the top', '- data\n', /expected object/],
  ['a word at the top', 'data\n', /expected keys and values, such as "key: value"/],
  ['broken YAML', 'collector: { port: 1\n', /halfopen\.yaml:\d+:\d+ is not YAML/],
  ['a key twice', 'data: a\ndata: b\n', /halfopen\.yaml:2:\d+ is not YAML: .*unique/],
  [
    'a token too short',
    'token: shrt\n',
    /token: .*16 characters.*; for example token: "a secret of at least 16 characters"/,
  ],
  [
    'two tokens',
    'token: 0123456789abcdef\ntokenFile: /nowhere\n',
    /token and tokenFile: give one of the two/,
  ],
  [
    'a token file that is not there',
    'tokenFile: /nowhere/at/all\n',
    /\/nowhere\/at\/all: the token file can't be read \(ENOENT\)/,
  ],
  [
    'an open door without a token',
    'collector: { host: 0.0.0.0 }\n',
    /collector\.host is 0\.0\.0\.0, which others can reach: set token or tokenFile/,
  ],
  [
    'SQL for everybody without a token',
    'sql: { host: "::" }\n',
    /sql\.host is ::, which others can reach: set token or tokenFile/,
  ],
  [
    'more queries at once than there are threads',
    'sql: { concurrentMax: 64 }\n',
    /sql\.concurrentMax: .*for example concurrentMax: 2/,
  ],
  ['a null for a section', 'api: null\n', /api: expected object/],
  [
    'a receiver of a kind that is none',
    receivers('{ name: a, kind: pager }'),
    /halfopen\.yaml:3:\d+ notifications\.receivers\.0\.kind: .*got "pager"; for example kind: pagerduty/,
  ],
  [
    'a key of another kind',
    receivers(`{ name: a, kind: webhook, url: 'https://a', routingKey: ${KEY} }`),
    /:3:\d+ notifications\.receivers\.0\.routingKey: unknown key; known are name, kind, url, urlFile, secret, secretFile/,
  ],
  [
    'a routing key too short',
    receivers('{ name: a, kind: pagerduty, routingKey: shrt }'),
    /:3:\d+ notifications\.receivers\.0\.routingKey: expected an integration key: 32 letters and digits; for example/,
  ],
  [
    'no routing key',
    receivers('{ name: a, kind: pagerduty }'),
    /:3:\d+ notifications\.receivers\.0: routingKey and routingKeyFile: give one of the two/,
  ],
  [
    'a routing key that would travel in clear',
    receivers(`{ name: a, kind: pagerduty, routingKey: ${KEY}, url: 'http://pager.example.net' }`),
    /receivers\.0\.url: expected an https address: the key goes there, got .*; for example url: https:/,
  ],
  [
    'a webhook secret that is none',
    receivers("{ name: a, kind: webhook, url: 'https://a', secret: shrtshrtshrtshrtshrt }"),
    /receivers\.0\.secret: expected whsec_ and 24 to 64 bytes in base64; for example secret: "whsec_/,
  ],
  [
    'a receiver twice',
    receivers(PAGER, PAGER),
    /:4:\d+ notifications\.receivers\.1\.name: oncall is there twice/,
  ],
  [
    'a route to nobody known',
    `${receivers(PAGER)}  routes: [{ receivers: [onca11] }]\n`,
    /:4:\d+ notifications\.routes\.0\.receivers\.0: no receiver is called onca11; there are oncall/,
  ],
  [
    'a severity that is none',
    `${receivers(PAGER)}  routes: [{ severities: [high], receivers: [oncall] }]\n`,
    /:4:\d+ notifications\.routes\.0\.severities\.0: .*"critical".*got "high"/,
  ],
  [
    'a route that would never page to a pager',
    `${receivers(PAGER)}  routes: [{ rules: [telemetry-gap], receivers: [oncall] }]\n`,
    /:4:\d+ notifications\.routes\.0: what this route matches is never paged, and oncall is a pagerduty receiver: name a webhook/,
  ],
  [
    'others who are nobody',
    `${receivers(PAGER)}  otherwise: [nobody]\n`,
    /notifications\.otherwise\.0: no receiver is called nobody/,
  ],
  [
    'a watchdog without an address',
    'watchdog: {}\n',
    /:1:\d+ watchdog: url and urlFile: give one of the two/,
  ],
  [
    'a watchdog address that is none',
    'watchdog: { url: shrt }\n',
    /:1:\d+ watchdog\.url: expected an http or https address; for example url: https/,
  ],
];

for (const [name, yaml, told] of MISTAKES) {
  test(`refused, with what would be right: ${name}`, async (t) => {
    const file = join(await temporaryFolder(t), 'halfopen.yaml');
    await writeFile(file, yaml);
    assert.throws(
      () => loadConfig(file),
      (error) =>
        error instanceof Failure &&
        error.exitCode === 2 &&
        told.test(error.message) &&
        !/shrt|0123456789abcdef0/.test(error.message),
    );
  });
}

test('a file that is not there is named', () => {
  assert.throws(
    () => loadConfig('/nowhere/halfopen.yaml'),
    /\/nowhere\/halfopen\.yaml: the configuration file can't be read \(ENOENT\)/,
  );
});

test('without a file, and from an empty one, all is default and frozen; flags win over the file', async (t) => {
  const file = join(await temporaryFolder(t), 'halfopen.yaml');
  await writeFile(file, '');
  assert.deepEqual(loadConfig(file), loadConfig(undefined));
  await writeFile(file, 'data: here\ncollector: { port: 1 }\n');
  const config = loadConfig(file, { data: 'there', otlpPort: 2 });
  assert.deepEqual([config.data, config.collector.port, config.api.port], ['there', 2, 8321]);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.collector));
});

test('secrets come from files as well, and never out again', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'halfopen.yaml');
  const secret = `whsec_${'A'.repeat(32)}`;
  await writeFile(join(folder, 'key'), `${KEY}\n`);
  await writeFile(join(folder, 'hook'), 'https://ops.example.net/T0P-S3CR3T\n');
  await writeFile(join(folder, 'secret'), secret);
  await writeFile(
    file,
    `token: ${KEY}
notifications:
  receivers:
    - { name: oncall, kind: pagerduty, routingKeyFile: ${join(folder, 'key')} }
    - { name: ops, kind: webhook, urlFile: ${join(folder, 'hook')}, secretFile: ${join(folder, 'secret')} }
  routes:
    - { severities: [critical], sites: [lyon], receivers: [oncall], continue: true }
watchdog: { urlFile: ${join(folder, 'hook')} }
`,
  );
  const config = loadConfig(file);
  const [oncall, ops] = config.notifications.receivers;
  assert.ok(oncall?.kind === 'pagerduty' && ops?.kind === 'webhook');
  assert.deepEqual(
    [oncall.routingKey.reveal(), ops.url.reveal(), ops.secret.reveal(), config.watchdog?.url.reveal()],
    [KEY, 'https://ops.example.net/T0P-S3CR3T', secret, 'https://ops.example.net/T0P-S3CR3T'],
  );
  assert.deepEqual(config.notifications.routing.otherwise, ['oncall', 'ops']);
  assert.ok(!/T0P|whsec|0123456789abcdef/.test(JSON.stringify(config)), 'secrets are hidden');
  await writeFile(join(folder, 'key'), 'shrt');
  assert.throws(
    () => loadConfig(file),
    /\/key: routingKeyFile must hold an integration key: 32 letters and digits$/,
  );
});
