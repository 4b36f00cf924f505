import type { Command } from 'commander';
import { withAccess } from '../service/access.js';
import { configOf, EXIT_CODES, withCommonOptions, type CommonOptions } from './options.js';

export function addSql(program: Command): void {
  withCommonOptions(program.command('sql'))
    .description('ask your own question of the stored telemetry, read-only')
    .argument('<query>', "one SELECT, SHOW, DESCRIBE, EXPLAIN or EXISTS, in ClickHouse's SQL")
    .option(
      '--format <name>',
      'output format of ClickHouse; PrettyCompact on a terminal, else TabSeparatedWithNames',
    )
    .addHelpText(
      'after',
      `
Examples:
  halfopen sql "SHOW TABLES"
  halfopen sql "SELECT channel_id, last_stage, count() FROM frame_journeys
                WHERE kind = 'command' GROUP BY ALL ORDER BY ALL"
${EXIT_CODES}`,
    )
    .action(async (query: string, options: CommonOptions & { readonly format?: string }) => {
      const format = options.format ?? (process.stdout.isTTY ? 'PrettyCompact' : 'TabSeparatedWithNames');
      const bytes = await withAccess(configOf(options), 'sql', (access) => access.sql(query, format));
      process.stdout.write(bytes);
    });
}
