import { LIVE_FAULT_NAMES, type LiveFaultName } from '@halfopen/lab';
import { InvalidArgumentError, type Command } from 'commander';
import { FAULT_LIST, runDemo } from '../demo/demo.js';
import { jsonNarrator, storyteller } from '../demo/narrators.js';
import { findOrStartUp } from '../demo/running-up.js';
import { Failure } from '../failure.js';
import { endpointOptions, type EndpointOptions } from './endpoint-options.js';
import { loadConfig } from '../config/load.js';
import { EXIT_CODES, withCommonOptions } from './options.js';

interface LabDemoOptions extends EndpointOptions {
  readonly fault: readonly LiveFaultName[];
  readonly agents: number;
  readonly keep: boolean;
  readonly json: boolean;
}

const AGENTS = 12;

export function addLab(program: Command): void {
  const lab = program.command('lab').description('channels whose faults are known, over real sockets');
  endpointOptions(withCommonOptions(lab.command('demo')))
    .description('run a fleet, break it, show the incident, mend it; starts `up` where none runs on the data')
    .option('--fault <name>', 'what breaks; given again, it breaks another agent as well', faultName, [])
    .option('--agents <count>', 'agents of the fleet, 2 to 100', agentCount, AGENTS)
    .option('--keep', 'leave the fleet running until Ctrl-C', false)
    .option('--json', 'one JSON object a fault, and nothing else', false)
    .addHelpText('after', `\nFaults (the first one unless chosen):\n${FAULT_LIST}\n${EXIT_CODES}`)
    .action(async ({ fault, agents, keep, json, ...where }: LabDemoOptions) => {
      const faults = fault.length > 0 ? fault : LIVE_FAULT_NAMES.slice(0, 1);
      const write = (text: string): void => {
        process.stdout.write(text);
      };
      const narrator = json ? jsonNarrator(write) : storyteller(write);
      const signal = stopSignal();
      const config = loadConfig(where.config, where);
      const up = await findOrStartUp(config, where.config);
      try {
        const outcomes = await runDemo({ faults, agents, keep }, up, config, narrator, signal);
        const wrong = outcomes.filter((outcome) => outcome.wrong.length > 0);
        if (wrong.length > 0)
          throw new Failure(`not as it should be: ${wrong.map(({ channel }) => channel).join(', ')}`);
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new Failure('stopped before it was through');
      } finally {
        await up.close();
      }
    });
}

/** Aborts at Ctrl-C or SIGTERM; the second one ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
    });
  return stop.signal;
}

function faultName(text: string, others: readonly LiveFaultName[]): LiveFaultName[] {
  const name = LIVE_FAULT_NAMES.find((known) => known === text);
  if (name === undefined) throw new InvalidArgumentError(`expected one of ${LIVE_FAULT_NAMES.join(', ')}.`);
  return [...others.filter((other) => other !== name), name];
}

function agentCount(text: string): number {
  const count = Number(text);
  if (!/^\d{1,3}$/.test(text) || count < 2 || count > 100)
    throw new InvalidArgumentError('expected 2 to 100.');
  return count;
}
