import { Option, type Command } from 'commander';
import { loadConfig, type Config } from '../config/load.js';
import { EXIT } from '../failure.js';
import { startCollectorProcess, type PartProcess } from '../service/apart/collector-process.js';
import { startIngestProcess } from '../service/apart/ingest-process.js';
import { openLog } from '../service/log.js';
import { EXIT_CODES } from './options.js';
import { stopSignal, withinBound } from './until-stopped.js';

/** The parts of `up` as processes of their own, over Kafka and a ClickHouse server. */
export function addApart(program: Command): void {
  add(program, 'collector', 'take OTLP and publish it into Kafka', startCollectorProcess);
  add(program, 'ingest', 'store what is in Kafka in a ClickHouse server', startIngestProcess);
}

function add(
  program: Command,
  name: string,
  description: string,
  start: (config: Config, log: ReturnType<typeof openLog>) => Promise<PartProcess>,
): void {
  program
    .command(name)
    .description(`${description}, as a process of its own`)
    .addOption(new Option('--config <file>', 'configuration (YAML)').makeOptionMandatory())
    .addHelpText('after', `\nExample:\n  halfopen ${name} --config halfopen.yaml\n${EXIT_CODES}`)
    .action(async ({ config: file }: { readonly config: string }) => {
      const config = loadConfig(file);
      const stopped = stopSignal();
      const part = await start(config, openLog(config));
      process.stdout.write(`halfopen ${name} is up on ${part.url} (Ctrl-C stops it)\n`);
      await stopped;
      process.stdout.write('\nstopping ...\n');
      await withinBound(part.close(), 'what was acknowledged is in Kafka');
      // librdkafka goes on for half a minute trying to reach brokers that are away, and would keep the process.
      process.exit(EXIT.ok);
    });
}
