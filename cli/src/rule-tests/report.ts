import type { Incident } from '@halfopen/telemetry';
import type { ExpectedIncident, RuleTest } from './file.js';
import type { Difference } from './run.js';

/** `ok` or `FAILED` and the test's name; of a failed one, what was expected against what fires. */
export function reportOf(test: RuleTest, differences: readonly Difference[]): string {
  if (differences.length === 0) return `ok      ${test.name}\n`;
  const told = differences.map(
    ({ expectation, missing, unexpected }) =>
      `  at ${expectation.at} (${expectation.place})\n` +
      missing.map((expected) => `    expected  ${expectedLine(expected)}\n`).join('') +
      unexpected.map((incident) => `    got       ${gotLine(incident)}\n`).join('') +
      (unexpected.length === 0 ? '    got       nothing else that fires\n' : '') +
      (missing.length === 0 ? '    expected  nothing else that fires\n' : ''),
  );
  return `FAILED  ${test.name} (${test.place})\n${told.join('')}`;
}

function expectedLine({ rule, channels, cause, severity }: ExpectedIncident): string {
  return [
    rule,
    channels === undefined ? undefined : `on ${channels.join(', ')}`,
    cause === undefined ? undefined : `cause ${cause}`,
    severity === undefined ? undefined : `severity ${severity}`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

function gotLine({ rule, channels, hypotheses, severity, summary }: Incident): string {
  const cause = hypotheses[0];
  const likeliest =
    cause === undefined ? 'no cause' : `cause ${cause.cause} (${Math.round(cause.probability * 100)} %)`;
  return `${rule}, on ${channels.join(', ')}, ${likeliest}, severity ${severity}: ${summary}`;
}
