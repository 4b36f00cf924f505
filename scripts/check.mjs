// npm test: every check, the tests last, so that their runner has the last word.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from './setup/chromium.mjs';
import { kafkaBroker } from './setup/kafka-broker.mjs';
import { kafkaClient } from './setup/kafka-client.mjs';
import { pythonWithClients } from './setup/python.mjs';
import { build, checkNode, install, removeCompiled, ROOT, run, workspaces } from './setup.mjs';

/** Two cores: two test files at a time. */
const TEST_FILES_AT_ONCE = 2;

/** A file of tests that has not ended by then hangs: it fails, instead of taking the whole run with it. */
const TEST_FILE_MS_MAX = 900_000;

/** Tests that take all the machine has, in whichever package: nothing else runs beside them. */
const CHAOS = join('test', 'chaos');

const bin = (path) => [process.execPath, join(ROOT, 'node_modules', path)];

const STEPS = [
  ['format', ...bin('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.'],
  ['lint', ...bin('eslint/bin/eslint.js'), '--max-warnings', '0', '.'],
  [
    'dependency direction',
    ...bin('dependency-cruiser/bin/dependency-cruise.mjs'),
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'err',
    ...workspaces(),
  ],
  ['dead code', ...bin('knip/bin/knip.js'), '--no-progress'],
];

const failed = [];
const failedTests = [];
async function step(name, action) {
  const began = performance.now();
  const ok = await action();
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  if (!ok) failed.push(name);
  return ok;
}

try {
  checkNode();
  await install();
  removeCompiled(workspaces());
  const compiled = await step('compile', () =>
    build().then(
      () => true,
      () => false,
    ),
  );
  for (const [name, command, ...args] of STEPS)
    await step(name, async () => (await run(command, args)) === 0);
  const fetched = await step('what only tests need: a browser, clients, a Kafka broker', () =>
    fetchForTests().then(
      () => true,
      (error) => {
        console.error(`halfopen: ${error.message}`);
        return false;
      },
    ),
  );
  if (compiled && fetched) {
    const files = testFiles();
    const chaos = files.filter((file) => file.includes(CHAOS));
    const others = files.filter((file) => !file.includes(CHAOS));
    await step('tests under load, one by one', () => test(chaos, 1));
    await step('tests', () => test(others, TEST_FILES_AT_ONCE));
  }
  if (dirty()) failed.push('clean tree: a check left files behind');
} catch (error) {
  failed.push(error.message);
}
for (const text of failedTests) console.error(`halfopen: failed test: ${text}`);
if (failed.length > 0) console.error(`halfopen: failed: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;

/** @throws Error that says what is missing, and how to get it */
async function fetchForTests() {
  chromium();
  await pythonWithClients();
  await kafkaBroker();
  await kafkaClient();
}

async function test(files, atOnce) {
  // As many threads as the command has when people start it: see cli/bin/halfopen.js.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '16' };
  const dir = mkdtempSync(join(tmpdir(), 'halfopen-check-'));
  const failures = join(dir, 'failures');
  const reporters = {
    [process.stdout.isTTY ? 'spec' : 'tap']: 'stdout',
    [join(ROOT, 'scripts', 'failed-tests.mjs')]: failures,
  };
  const options = [
    `--test-concurrency=${atOnce}`,
    `--test-timeout=${TEST_FILE_MS_MAX}`,
    ...Object.entries(reporters).flatMap(([reporter, to]) => [
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${to}`,
    ]),
  ];
  try {
    return (await run(process.execPath, ['--test', ...options, ...files], { env })) === 0;
  } finally {
    const text = existsSync(failures) ? readFileSync(failures, 'utf8') : '';
    if (text !== '') failedTests.push(text);
    rmSync(dir, { recursive: true });
  }
}

function testFiles() {
  return workspaces()
    .map((workspace) => join(workspace, 'dist', 'test'))
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true })
        .filter((file) => file.endsWith('.test.js'))
        .map((file) => join(folder, file)),
    );
}

/** On a clean checkout (CI) the checks must leave nothing behind. */
function dirty() {
  if (process.env.CI !== 'true') return false;
  const { stdout } = spawnSync('git', ['status', '--porcelain'], { cwd: ROOT, encoding: 'utf8' });
  if (stdout) console.error(stdout);
  return Boolean(stdout);
}
