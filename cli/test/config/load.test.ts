import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { loadConfig } from '../../src/config/load.js';
import { Failure } from '../../src/failure.js';
import { temporaryFolder } from '../halfopen.js';

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
  ['a word at the top', 'data\n', /expected keys and values, such as "data: \.\/halfopen-data"/],
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
  ['a null for a section', 'api: null\n', /api: expected object/],
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
        !error.message.includes('short'),
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
  const config = loadConfig(file, { data: 'there', collectorPort: 2 });
  assert.deepEqual([config.data, config.collector.port, config.api.port], ['there', 2, 8321]);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.collector));
});
