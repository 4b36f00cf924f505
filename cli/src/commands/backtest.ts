import type { Command } from 'commander';
import { parseDuration, parseInstant } from '../instant.js';
import { printIncident } from '../output/explanation.js';
import { withAccess } from '../service/access.js';
import { configOf, EXIT_CODES, withCommonOptions, type CommonOptions } from './options.js';

interface BacktestOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
  readonly step: string;
  readonly json?: boolean;
}

/** Under `rules`. */
export function addBacktest(rules: Command): void {
  withCommonOptions(rules.command('backtest'))
    .description(
      'the incidents that the rules would have raised over stored telemetry, in their state at --to',
    )
    .option(
      '--from <time>',
      'first instant, as 2026-10-01T12:00:00Z; the beginning of what is stored unless given',
    )
    .option('--to <time>', 'last instant; the end of what is stored unless given')
    .option('--step <duration>', 'between two instants', '10s')
    .option('--json', 'one JSON object a line for each incident')
    .addHelpText(
      'after',
      `\nExample:\n  halfopen rules backtest --from 2026-10-01T12:00:00Z --to 2026-10-01T12:12:00Z --json\n${EXIT_CODES}\n            (0 whether or not there were incidents)`,
    )
    .action(async (options: BacktestOptions) => {
      const { from, to, step, json } = options;
      if (from !== undefined) parseInstant(from, 'from');
      if (to !== undefined) parseInstant(to, 'to');
      const stepMs = parseDuration(step, 'step');
      const incidents = await withAccess(configOf(options), 'rules backtest', (access) =>
        access.backtest({ from, to, stepMs }),
      );
      if (json === true)
        for (const incident of incidents) process.stdout.write(`${JSON.stringify(incident)}\n`);
      else
        process.stdout.write(
          incidents.length === 0 ? 'no incident\n' : incidents.map(printIncident).join('\n'),
        );
    });
}
