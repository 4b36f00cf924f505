// A Python with the packages of python-requirements.txt, made once and kept outside the tree. Run, it prints its path.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REQUIREMENTS = fileURLToPath(new URL('python-requirements.txt', import.meta.url));
const PYTHON_MIN = [3, 10];

/**
 * @returns the interpreter's path
 * @throws Error that says what is missing
 */
export async function pythonWithClients() {
  const version = await pythonVersion();
  const folder = join(cacheFolder(), `python-${keyOf(version)}`);
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return python;
  console.error(`halfopen: making a Python environment for the tests in ${folder}`);
  const making = `${folder}.${process.pid}`;
  try {
    mkdirSync(cacheFolder(), { recursive: true });
    await must('python3 with its module venv (Debian: apt-get install python3-venv)', 'python3', [
      '-m',
      'venv',
      making,
    ]);
    await must("pip's packages, from the index that pip is configured for", join(making, 'bin', 'python'), [
      ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'],
      ...['--requirement', REQUIREMENTS],
    ]);
    moveUnlessThere(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return python;
}

function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'halfopen');
}

/** Other packages or another Python: another environment. */
function keyOf(version) {
  return createHash('sha256').update(readFileSync(REQUIREMENTS)).update(version).digest('hex').slice(0, 16);
}

async function pythonVersion() {
  const { code, stdout } = await output('python3', ['-c', 'import sys; print(sys.version)']);
  const [major = 0, minor = 0] = stdout.split('.').map(Number);
  const [wantedMajor, wantedMinor] = PYTHON_MIN;
  if (code === 0 && (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor))) return stdout;
  const found = code === 0 ? `this is ${stdout.split(' ', 1)[0]}` : 'there is no python3';
  throw new Error(
    `the tests of ClickHouse's Python client need Python ${PYTHON_MIN.join('.')} or newer; ${found}`,
  );
}

/** Two may make it at once: the first one's stays. */
function moveUnlessThere(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

async function must(what, command, args) {
  const { code, stdout, stderr } = await output(command, args);
  if (code !== 0)
    throw new Error(`the tests of ClickHouse's Python client need ${what}:\n${stdout}${stderr}`);
}

function output(command, args) {
  return new Promise((resolve) => {
    const said = { stdout: '', stderr: '' };
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const name of ['stdout', 'stderr'])
      child[name].setEncoding('utf8').on('data', (text) => (said[name] += text));
    child.once('error', (error) => resolve({ ...said, code: 127, stderr: error.message }));
    child.once('close', (code) => resolve({ ...said, code }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await pythonWithClients());
  } catch (error) {
    console.error(`halfopen: ${error.message}`);
    process.exitCode = 1;
  }
}
