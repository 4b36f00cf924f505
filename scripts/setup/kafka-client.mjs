// The native part of the Kafka client (librdkafka), only for who uses Kafka: `npm run setup:kafka`. Where its prebuilt
// binary can't be had it is built from the sources that the npm package brings, once; the result is kept in the cache.
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from './cache.mjs';
import { quietly } from './command.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const IN_MODULES = 'node_modules/@confluentinc/kafka-javascript';
const PACKAGE = join(ROOT, IN_MODULES);
const BUILD = join(PACKAGE, 'build');
const BINARY = join('Release', 'confluent-kafka-javascript.node');
/** What the binary needs of the build, and finds beside itself; a prebuilt one has it within. */
const LIBRARIES = [join('deps', 'librdkafka.so.1'), join('deps', 'librdkafka++.so.1')];

/** What librdkafka is linked with. */
const HEADERS = {
  'zstd.h': 'libzstd-dev',
  'lz4.h': 'liblz4-dev',
  'openssl/ssl.h': 'libssl-dev',
  'zlib.h': 'zlib1g-dev',
};
const DOWNLOAD_MS_MAX = 60_000;
const BUILD_MS_MAX = 1_200_000;

/**
 * @param root whose `node_modules` it goes into
 * @throws Error that says what is missing
 */
export async function kafkaClient(root = ROOT) {
  const target = join(root, IN_MODULES, 'build');
  if (existsSync(join(target, BINARY))) return;
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  const { platform, arch, versions } = process;
  const kind = `kafka-javascript-${version}-node${versions.modules}-${platform}-${arch}`;
  const folder = await cached(kind, async (making) => {
    if (!existsSync(join(BUILD, BINARY))) await downloadOrBuild();
    copy(BUILD, making);
  });
  copy(folder, target);
}

/** Links are followed: what is copied stands by itself. The binary comes last, for it is what is looked for. */
function copy(from, to) {
  for (const file of [...LIBRARIES, BINARY]) {
    if (from === to || !existsSync(join(from, file))) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(from, file), join(to, file), { dereference: true });
  }
}

async function downloadOrBuild() {
  try {
    const preGyp = join(dirname(PACKAGE), '..', '@mapbox', 'node-pre-gyp', 'bin', 'node-pre-gyp');
    await quietly(process.execPath, [preGyp, 'install'], { cwd: PACKAGE, timeout_ms: DOWNLOAD_MS_MAX });
    if (existsSync(join(BUILD, BINARY))) return;
  } catch {
    // Not to be had from here: built below.
  }
  console.log('halfopen: building the Kafka client from its sources, once (about two minutes)');
  await ensureHeaders();
  const include = resolve(dirname(process.execPath), '..');
  const nodedir = existsSync(join(include, 'include', 'node', 'node.h')) ? [`--nodedir=${include}`] : [];
  await quietly(process.execPath, [nodeGyp(), 'rebuild', ...nodedir], {
    cwd: PACKAGE,
    timeout_ms: BUILD_MS_MAX,
    env: { ...process.env, CKJS_LINKING: 'dynamic' },
  });
}

async function ensureHeaders() {
  const missing = Object.entries(HEADERS)
    .filter(([header]) => !['/usr/include', '/usr/local/include'].some((at) => existsSync(join(at, header))))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0)
    throw new Error(
      `to build the Kafka client, install ${missing.join(', ')} (or their like of your system)`,
    );
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  await quietly('apt-get', ['update', '-qq'], options).catch(() => undefined);
  await quietly('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
}

/** npm brings one. */
function nodeGyp() {
  const npm = process.env.npm_execpath === undefined ? [] : [dirname(dirname(process.env.npm_execpath))];
  const places = [...npm, join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm')];
  const found = places
    .map((place) => join(place, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'))
    .find((path) => existsSync(path));
  if (found === undefined)
    throw new Error('node-gyp, which comes with npm, was not found: run this through npm');
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await kafkaClient();
