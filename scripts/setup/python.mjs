// A Python with what the tests' programs need, made once and kept outside the tree. Run, it prints its path.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from './cache.mjs';
import { quietly } from './command.mjs';

/** Other programs' clients, and the lab's agent. */
const REQUIREMENTS = ['python-requirements.txt', '../../lab/python/requirements.txt'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const PYTHON_MIN = [3, 11];

/**
 * @returns the interpreter's path
 * @throws Error that says what is missing
 */
export async function pythonWithClients() {
  const version = pythonVersion();
  const folder = await cached(`python-${keyOf(version)}`, async (making) => {
    console.error('halfopen: making a Python environment for the tests, once');
    await must('python3 with its module venv (Debian: apt-get install python3-venv)', 'python3', [
      ...['-m', 'venv', making],
    ]);
    await must("pip's packages, from the index that pip is configured for", join(making, 'bin', 'python'), [
      ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'],
      ...REQUIREMENTS.flatMap((file) => ['--requirement', file]),
    ]);
  });
  return join(folder, 'bin', 'python');
}

/** Other packages or another Python: another environment. */
function keyOf(version) {
  const hash = createHash('sha256').update(version);
  for (const file of REQUIREMENTS) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

function pythonVersion() {
  const { status: code, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.version)'], {
    encoding: 'utf8',
  });
  const [major = 0, minor = 0] = (stdout ?? '').split('.').map(Number);
  const [wantedMajor, wantedMinor] = PYTHON_MIN;
  if (code === 0 && (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor))) return stdout;
  const found = code === 0 ? `this is ${stdout.split(' ', 1)[0]}` : 'there is no python3';
  throw new Error(`the tests need Python ${PYTHON_MIN.join('.')} or newer; ${found}`);
}

async function must(what, command, args) {
  try {
    await quietly(command, args);
  } catch (cause) {
    throw new Error(`the tests need ${what}: ${cause.message}`, { cause });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await pythonWithClients());
  } catch (error) {
    console.error(`halfopen: ${error.message}`);
    process.exitCode = 1;
  }
}
