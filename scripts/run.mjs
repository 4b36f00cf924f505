// npm start, npm run demo, npm run bench, npm run chaos: set up what is missing, then run.
import { build, checkNode, install, run } from './setup.mjs';

const PROGRAMS = {
  up: ['cli/bin/halfopen.js', 'up'],
  demo: ['cli/bin/halfopen.js', 'lab', 'demo'],
  bench: ['bench/dist/src/main.js'],
  chaos: ['--test', 'cli/dist/test/chaos/kills.test.js'],
};
/** CI kills `up` fewer times. */
const CHAOS_KILLS = '200';

const [name = 'up', ...args] = process.argv.slice(2);
const program = PROGRAMS[name];
try {
  if (program === undefined)
    throw new Error(`no program is called ${name}: ${Object.keys(PROGRAMS).join(', ')}`);
  checkNode();
  await install();
  await build();
  // See cli/bin/halfopen.js for the number of threads.
  const env = { UV_THREADPOOL_SIZE: '16', HALFOPEN_CHAOS_KILLS: CHAOS_KILLS, ...process.env };
  process.exitCode = await run(process.execPath, [...program, ...args], { env });
} catch (error) {
  console.error(`halfopen: ${error.message}`);
  process.exitCode = 1;
}
