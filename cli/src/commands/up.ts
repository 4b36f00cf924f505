import type { Command } from 'commander';
import { loadConfig, type Config } from '../config/load.js';
import { inUse, own } from '../data-dir/owner.js';
import { openLog } from '../service/log.js';
import { startService, type Service } from '../service/service.js';
import { endpointOptions, type EndpointOptions } from './endpoint-options.js';
import { EXIT_CODES, withCommonOptions } from './options.js';
import { stopSignal, withinBound } from './until-stopped.js';

export function addUp(program: Command): void {
  endpointOptions(withCommonOptions(program.command('up')))
    .description('run everything in one process: OTLP in, rules, incidents on the API')
    .addHelpText('after', `\nExample:\n  halfopen up --data ./halfopen-data\n${EXIT_CODES}`)
    .action(async ({ config: file, ...overrides }: EndpointOptions) => {
      await runUntilStopped(loadConfig(file, overrides));
    });
}

async function runUntilStopped(config: Config): Promise<void> {
  const stopped = stopSignal();
  const ownership = await own(config.data, 'up');
  if (ownership === undefined) throw inUse(config.data);
  try {
    const service = await startService(config, openLog(config));
    ownership.announce(service);
    process.stdout.write(welcome(config, service));
    await stopped;
    process.stdout.write('\nstopping: storing what was acknowledged ...\n');
    await withinBound(service.close());
  } finally {
    await ownership.release();
  }
}

function welcome(config: Config, { collectorUrl, apiUrl, sqlUrl }: Service): string {
  return `halfopen is up (data in ${config.data}; Ctrl-C stops it)
  console        ${apiUrl}/
  telemetry in   ${collectorUrl}/v1/traces   OTLP/HTTP, protobuf or JSON
  incidents      ${apiUrl}/api/v1/incidents?status=firing
  metrics        ${apiUrl}/metrics
  SQL            ${sqlUrl}   ClickHouse over HTTP, read-only: Grafana, clients, curl

Try in another terminal:
  npx halfopen import lab/samples/handler-dead-both-ends.jsonl.gz
  npx halfopen explain agent-3
  npx halfopen sql "SELECT channel_id, last_stage, count() FROM frame_journeys GROUP BY ALL ORDER BY ALL LIMIT 10"
`;
}
