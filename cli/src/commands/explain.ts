import type { Command } from 'commander';
import { parseInstant } from '../instant.js';
import { printExplanation } from '../output/explanation.js';
import { withAccess } from '../service/access.js';
import { configOf, EXIT_CODES, withCommonOptions, type CommonOptions } from './options.js';

export function addExplain(program: Command): void {
  withCommonOptions(program.command('explain'))
    .description('print the evidence on a channel and the ranked causes, or why nothing fires')
    .argument('<channel>', 'channel.id')
    .option(
      '--at <time>',
      'instant, as 2026-10-01T12:05:00Z; the end of what is stored of the channel unless given',
    )
    .option('--json', 'one JSON object instead of text')
    .addHelpText('after', `\nExample:\n  halfopen explain agent-17 --at 2026-10-01T12:05:00Z\n${EXIT_CODES}`)
    .action(
      async (channel: string, options: CommonOptions & { readonly at?: string; readonly json?: boolean }) => {
        if (options.at !== undefined) parseInstant(options.at, 'at');
        const explanation = await withAccess(configOf(options), 'explain', (access) =>
          access.explain(channel, options.at),
        );
        process.stdout.write(
          options.json === true ? `${JSON.stringify(explanation)}\n` : printExplanation(explanation),
        );
      },
    );
}
