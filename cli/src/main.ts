import { MistakeError } from '@halfopen/checked-yaml';
import { CollectorError } from '@halfopen/collector';
import { StoreError } from '@halfopen/store';
import { StreamError } from '@halfopen/stream';
import { Command, CommanderError } from 'commander';
import { addApart } from './commands/apart.js';
import { addConfig } from './commands/config-check.js';
import { addDashboards } from './commands/dashboards.js';
import { addDeadLetters } from './commands/dead-letters.js';
import { addExplain } from './commands/explain.js';
import { addImport } from './commands/import.js';
import { addLab } from './commands/lab.js';
import { addSql } from './commands/sql.js';
import { addUp } from './commands/up.js';
import { EXIT, Failure } from './failure.js';

/** Runs one command; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('halfopen')
    .description('Tells which end of a long-lived agent channel is broken, and where a frame died.')
    // `rules` and `rules backtest` both take --config: it belongs to the command that it stands behind.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(halfopen --help lists the commands)');
  let exitCode: number = EXIT.ok;
  addUp(program);
  addApart(program);
  addImport(program);
  addExplain(program);
  addSql(program);
  addDeadLetters(program);
  addDashboards(program);
  addConfig(program);
  addLab(program);
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    exitCode = tell(error);
  }
  return exitCode;
}

/** What went wrong, for a person; a stack trace only where it is our own mistake. */
function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Failure) {
    console.error(`halfopen: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof MistakeError) {
    console.error(`halfopen: ${error.message}`);
    return EXIT.usage;
  }
  if (error instanceof CollectorError || error instanceof StoreError || error instanceof StreamError) {
    console.error(`halfopen: ${error.message}`);
    return EXIT.failed;
  }
  console.error('halfopen: this should not have happened:', error);
  return EXIT.failed;
}
