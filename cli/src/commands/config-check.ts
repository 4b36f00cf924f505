import { readRuleBook } from '@halfopen/rules';
import type { Command } from 'commander';
import { configOf, EXIT_CODES, withCommonOptions, type CommonOptions } from './options.js';

export function addConfig(program: Command): void {
  const config = program.command('config').description('work with the configuration');
  withCommonOptions(config.command('check'))
    .description('validate the configuration and its rule files, and print what is in force (secrets hidden)')
    .addHelpText('after', `\nExample:\n  halfopen config check --config halfopen.yaml\n${EXIT_CODES}`)
    .action((options: CommonOptions) => {
      const config = configOf(options);
      readRuleBook({ rules: config.rules.files, causes: config.rules.causes });
      process.stdout.write(`${JSON.stringify(config, null, 2)}\n`);
    });
}
