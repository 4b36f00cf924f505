// npm start, npm run demo, npm run bench, npm run bench:diagnosis, npm run chaos: set up what is missing, then run.
import { kafkaBroker } from './setup/kafka-broker.mjs';
import { kafkaClient } from './setup/kafka-client.mjs';
import { build, checkNode, install, run } from './setup.mjs';

const PROGRAMS = {
  up: ['cli/bin/halfopen.js', 'up'],
  demo: ['cli/bin/halfopen.js', 'lab', 'demo'],
  bench: ['bench/dist/src/main.js'],
  'bench:diagnosis': ['bench/dist/src/diagnosis/main.js'],
  chaos: ['--test', 'cli/dist/test/chaos/kills.test.js'],
  'chaos --size kafka': ['--test', 'cli/dist/test/chaos/kafka.test.js'],
  'chaos --size outage': ['--test', 'cli/dist/test/chaos/outage.test.js'],
};
/** CI has less of each. */
const CHAOS = { HALFOPEN_CHAOS_KILLS: '200', HALFOPEN_CHAOS_ROUNDS: '200', HALFOPEN_OUTAGE_S: '600' };

const [given = 'up', ...rest] = process.argv.slice(2);
const sized = given === 'chaos' && rest[0] === '--size';
const name = sized ? `chaos --size ${rest[1]}` : given;
const args = sized ? rest.slice(2) : rest;
const program = PROGRAMS[name];
try {
  if (program === undefined)
    throw new Error(`no program is called ${name}: ${Object.keys(PROGRAMS).join(', ')}`);
  checkNode();
  await install();
  await build();
  if (sized) await Promise.all([kafkaBroker(), kafkaClient()]);
  // See cli/bin/halfopen.js for the number of threads.
  const env = { UV_THREADPOOL_SIZE: '16', ...CHAOS, ...process.env };
  process.exitCode = await run(process.execPath, [...program, ...args], { env });
} catch (error) {
  console.error(`halfopen: ${error.message}`);
  process.exitCode = 1;
}
