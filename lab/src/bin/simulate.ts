import { parseArgs } from 'node:util';

import { BENIGN, type BenignName, FAULTS, type FaultName, record, simulate } from '../index.js';
import type { Disturbance, Plan, Scenario } from '../index.js';

const USAGE = `Usage: simulate --out FILE.jsonl.gz [options]

  --fault NAME        may be repeated        --benign NAME   may be repeated
  --at SECONDS        --until SECONDS        --on agent-3,agent-4   (of the faults)
  --with JSON         the faults' further options, as {"end":"server"}
  --seed N            --duration SECONDS     --channels N
  --transport websocket|virtio-serial
  --observers both|server|agent|all          all: a relay as well
  --states-only       no frame spans

The truth is printed as JSON: which channel, which fault, since when.

Faults:
${list(FAULTS)}

Benign:
${list(BENIGN)}
`;

const OBSERVERS = {
  both: ['agent', 'server'],
  server: ['server'],
  agent: ['agent'],
  all: ['agent', 'server', 'relay'],
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      fault: { type: 'string', multiple: true, default: [] },
      benign: { type: 'string', multiple: true, default: [] },
      at: { type: 'string' },
      until: { type: 'string' },
      on: { type: 'string' },
      with: { type: 'string', default: '{}' },
      seed: { type: 'string', default: '1' },
      duration: { type: 'string', default: '720' },
      channels: { type: 'string', default: '10' },
      transport: { type: 'string', default: 'websocket' },
      observers: { type: 'string', default: 'both' },
      'states-only': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || values.out === undefined) {
    process.stdout.write(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const options = { ...timing(values), ...(JSON.parse(values.with) as Partial<Plan<FaultName>>) };
  const simulation = simulate({
    seed: Number(values.seed),
    durationMs: Number(values.duration) * 1000,
    channels: Number(values.channels),
    transport: oneOf('transport', values.transport, ['websocket', 'virtio-serial']),
    observers: OBSERVERS[oneOf('observers', values.observers, ['both', 'server', 'agent', 'all'])],
    frameSpans: !values['states-only'],
    // Names are checked by the scenario.
    faults: values.fault.map((name) => ({ ...options, name: name as FaultName })),
    benign: values.benign.map((name) => ({ name: name as BenignName })),
  } satisfies Partial<Scenario>);
  await record(simulation, values.out);
  process.stdout.write(`${JSON.stringify(simulation.truth, undefined, 2)}\n`);
}

function timing(values: { at?: string; until?: string; on?: string }): Partial<Plan<FaultName>> {
  return {
    ...(values.at === undefined ? {} : { atMs: Number(values.at) * 1000 }),
    ...(values.until === undefined ? {} : { untilMs: Number(values.until) * 1000 }),
    ...(values.on === undefined ? {} : { channels: values.on.split(',') }),
  };
}

function oneOf<Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === given);
  if (found === undefined) throw new Error(`--${option}: expected one of ${names.join(', ')}, got ${given}`);
  return found;
}

function list(catalogue: Readonly<Record<string, Disturbance>>): string {
  return Object.entries(catalogue)
    .map(([name, { meaning, options }]) => {
      const takes = options.length === 0 ? '' : ` [${options.join(', ')}]`;
      return `  ${name}${takes}\n      ${meaning}`;
    })
    .join('\n');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`simulate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
