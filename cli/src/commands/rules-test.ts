import type { Command } from 'commander';
import { EXIT, Failure } from '../failure.js';
import { readRuleTests } from '../rule-tests/file.js';
import { reportOf } from '../rule-tests/report.js';
import { runRuleTest } from '../rule-tests/run.js';

/** Under `rules`. */
export function addRulesTest(rules: Command): void {
  rules
    .command('test')
    .description('play timelines on simulated fleets, and hold what fires against what the files expect')
    .argument('<file...>', 'rule tests (YAML, docs/rules.md)')
    .addHelpText(
      'after',
      `\nExample:\n  halfopen rules test rules/ours.test.yaml\n
Exit codes: 0 all tests passed, 1 some failed, 2 a file is wrong (its tests, its rules or its cause table)`,
    )
    .action(async (files: readonly string[]) => {
      // All are read before any is run: a mistake in the last should not cost the minutes of the first.
      const read = files.map(readRuleTests);
      let run = 0;
      let failed = 0;
      for (const file of read) {
        process.stdout.write(`${file.file}\n`);
        for (const test of file.tests) {
          const differences = await runRuleTest(file, test);
          process.stdout.write(reportOf(test, differences));
          run++;
          if (differences.length > 0) failed++;
        }
      }
      if (failed > 0) throw new Failure(`${failed} of ${run} rule tests failed`, EXIT.failed);
      process.stdout.write(`${run} rule ${run === 1 ? 'test' : 'tests'} passed\n`);
    });
}
