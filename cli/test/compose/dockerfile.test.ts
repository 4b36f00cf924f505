import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from '../docs/pages.js';
import { inForce, stages } from './dockerfile.js';
import { composeProject } from './project.js';

const run = promisify(execFile);
const STAGES = stages();
const IMAGES = ['scale-out', 'embedded'];

test('stages build on a pinned Debian with Node, or on one another; compose builds one of them', async () => {
  const [first, ...rest] = STAGES;
  assert.match(first?.base ?? '', /^node:22\.\d+\.\d+-bookworm-slim$/);
  rest.forEach(({ name, base }, index) => {
    const earlier = STAGES.slice(0, index + 1).map((stage) => stage.name);
    assert.ok(earlier.includes(base), `${name} builds on ${base}`);
  });
  const { services } = await composeProject();
  const targets = Object.values(services).flatMap(({ build }) => build?.target ?? []);
  assert.deepEqual([...new Set(targets)], ['scale-out']);
  assert.deepEqual(
    STAGES.slice(-2).map(({ name }) => name),
    IMAGES,
  );
});

for (const image of IMAGES)
  test(`${image} runs as a user without rights, and node itself gets the signals`, () => {
    assert.deepEqual(inForce(STAGES, image, 'USER'), ['1000:1000']);
    const stage = STAGES.find(({ name }) => name === image);
    const behind = stage?.steps.slice(stage.steps.findIndex(({ keyword }) => keyword === 'USER') + 1) ?? [];
    assert.deepEqual(
      behind.filter(({ keyword }) => keyword === 'RUN'),
      [],
      'nothing is made as root after it',
    );
    // An array: no shell between.
    assert.deepEqual(inForce(STAGES, image, 'ENTRYPOINT').slice(0, 1), ['node']);
    assert.ok(inForce(STAGES, image, 'ENV').includes('UV_THREADPOOL_SIZE=16'), 'as bin/halfopen.js has it');
    assert.deepEqual(inForce(STAGES, image, 'HEALTHCHECK'), [], 'compose knows the port');
  });

test('what is copied has been made: paths of the build stage, and the context as a whole', () => {
  const copies = STAGES.flatMap(({ steps }) => steps.filter(({ keyword }) => keyword === 'COPY'));
  const built = STAGES.find(({ name }) => name === 'build')?.steps.flatMap(({ words }) => words) ?? [];
  for (const { from, words } of copies) {
    const [source = ''] = words;
    if (from === undefined) assert.equal(source, '.');
    else {
      assert.equal(from, 'build');
      assert.ok(built.includes(source), source);
    }
  }
  assert.equal(copies.length, 3);
});

test('each command of the build is one of this checkout, and its files are in the context', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const lines = STAGES.flatMap(({ steps }) => steps)
    .filter(({ keyword }) => keyword === 'RUN')
    .flatMap(({ words }) => words.join(' ').split(' && '));
  const npmRuns = lines.flatMap((line) => /^npm run (\S+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(npmRuns, ['build', 'setup:kafka']);
  const texts = [...lines, ...npmRuns.map((name) => scripts[name] ?? assert.fail(`npm run ${name}`))];
  const files = texts.flatMap((text) =>
    [...text.matchAll(/\bnode (\S+\.mjs)/g)].map(([, file = '']) => file),
  );
  assert.ok(files.length >= 3, files.join());
  const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  for (const file of files) {
    assert.ok(existsSync(join(ROOT, file)), file);
    const parents = file.split('/').map((_part, index, parts) => parts.slice(0, index + 1).join('/'));
    assert.deepEqual(
      parents.filter((path) => ignored.includes(path)),
      [],
    );
  }
});

test('nothing that git ignores, and no secret, gets into the context', () => {
  const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  const byGit = readFileSync(join(ROOT, '.gitignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  assert.ok(byGit.length >= 7);
  const missing = byGit
    .map((line) => line.replace(/^\/|\/$/g, ''))
    .filter((path) => !ignored.includes(path) && !ignored.includes(`**/${path}`));
  assert.deepEqual(missing, []);
  assert.ok(ignored.includes('.git'));
});

/** Libraries that Debian's slim image with Node has for itself. */
const OF_NODE = /^(linux-vdso|ld-linux.*|lib(c|m|dl|pthread|rt|stdc\+\+|gcc_s))\.so/;
/** Which package of Debian has which library; our own Kafka client brings librdkafka. */
const PACKAGES: Readonly<Record<string, string>> = {
  'liblz4.so.1': 'liblz4-1',
  'libzstd.so.1': 'libzstd1',
  'libssl.so.3': 'libssl3',
  'libcrypto.so.3': 'libssl3',
  'libz.so.1': 'zlib1g',
};

test('the image installs every library that the Kafka client is linked with', async () => {
  const binary = join(
    ROOT,
    'node_modules/@confluentinc/kafka-javascript/build/Release/confluent-kafka-javascript.node',
  );
  const { stdout } = await run('ldd', [binary]);
  const linked = [...stdout.matchAll(/^\s*(\S+\.so\S*)/gm)].map(([, name = '']) => basename(name));
  assert.ok(linked.length > 3, stdout);
  const needed = linked.filter((name) => !OF_NODE.test(name) && !name.startsWith('librdkafka'));
  const installed = installs('scale-out');
  for (const name of needed)
    assert.ok(installed.includes(PACKAGES[name] ?? name), `${name} of ${installed.join()}`);
  assert.ok(installed.includes('ca-certificates'));
});

function installs(stage: string): string[] {
  const words = STAGES.find(({ name }) => name === stage)?.steps.flatMap((step) => step.words) ?? [];
  const line = words.slice(words.indexOf('install') + 1);
  return line.slice(0, line.indexOf('&&')).filter((word) => !word.startsWith('-'));
}
