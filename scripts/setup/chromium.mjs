// A browser for the console's tests: Debian's chromium, installed where that may be done, else asked for.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * @returns the browser's path
 * @throws Error that says how to get one
 */
export function chromium() {
  const known = found();
  if (known !== undefined) return known;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('halfopen: installing chromium for the tests of the console');
    apt('update');
    apt('install', '--yes', '--no-install-recommends', 'chromium', 'fonts-dejavu-core');
  }
  const installed = found();
  if (installed !== undefined) return installed;
  throw new Error(
    'the tests of the console need a browser: apt-get install chromium, or HALFOPEN_CHROMIUM=/path/to/chromium',
  );
}

function found() {
  const { HALFOPEN_CHROMIUM: given } = process.env;
  return [given, ...PLACES].find((path) => path !== undefined && path !== '' && existsSync(path));
}

function apt(...args) {
  spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}
