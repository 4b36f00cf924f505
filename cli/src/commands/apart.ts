import { Option, type Command } from 'commander';
import { loadConfig, type Config } from '../config/load.js';
import { startCollectorProcess, type PartProcess } from '../service/apart/collector-process.js';
import { startIngestProcess } from '../service/apart/ingest-process.js';
import { startRulesProcess } from '../service/apart/rules-process.js';
import { openLog } from '../service/log.js';
import { addBacktest } from './backtest.js';
import { EXIT_CODES } from './options.js';
import { addRulesTest } from './rules-test.js';
import { stopSignal, withinBound } from './until-stopped.js';

/** The parts of `up` as processes of their own, over Kafka and a ClickHouse server. */
export function addApart(program: Command): void {
  runs(
    program.command('collector').description('take OTLP and publish it into Kafka, as a process of its own'),
    startCollectorProcess,
  );
  runs(
    program
      .command('ingest')
      .description('store what is in Kafka in a ClickHouse server, as a process of its own'),
    startIngestProcess,
  );
  const rules = program
    .command('rules')
    .description(
      'evaluate the rules and serve API and console over a ClickHouse server, as a process of its own',
    );
  rules.enablePositionalOptions();
  runs(rules, startRulesProcess);
  addBacktest(rules);
  addRulesTest(rules);
}

function runs(
  command: Command,
  start: (config: Config, log: ReturnType<typeof openLog>) => Promise<PartProcess>,
): void {
  const name = command.name();
  command
    .addOption(new Option('--config <file>', 'configuration (YAML)'))
    .addHelpText('after', `\nExample:\n  halfopen ${name} --config halfopen.yaml\n${EXIT_CODES}`)
    .action(async ({ config: file }: { readonly config?: string }) => {
      // Not mandatory for commander, which would ask it of the commands below this one, too.
      if (file === undefined) command.error("error: required option '--config <file>' not specified");
      const config = loadConfig(file);
      const stopped = stopSignal();
      const part = await start(config, openLog(config));
      process.stdout.write(`halfopen ${name} is up on ${part.url} (Ctrl-C stops it)\n`);
      await stopped;
      process.stdout.write('\nstopping ...\n');
      await withinBound(part.close(), 'what was acknowledged is in Kafka');
      // Kafka's native client goes on trying to connect for half a minute, whatever it has been told.
      process.exit();
    });
}
