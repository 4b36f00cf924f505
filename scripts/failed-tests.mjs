// A reporter for Node's test runner: which tests failed and why, and nothing of those that passed. What npm test says
// last is what is read of a long run.
import { relative } from 'node:path';

/** As much of an error as tells what was expected, of each test. */
const CHARACTERS_MAX = 2000;

export default async function* failedTests(events) {
  for await (const { type, data } of events) {
    // Of a test and those within, the innermost says what went wrong.
    if (type !== 'test:fail' || data.details.error?.failureType === 'subtestsFailed') continue;
    const { error } = data.details;
    const where = data.file ? relative(process.cwd(), data.file) : 'an unknown file';
    const why = String(error?.cause?.stack ?? error?.cause ?? error);
    const text = why.length > CHARACTERS_MAX ? `${why.slice(0, CHARACTERS_MAX)} …` : why;
    yield `${data.name}\n  in ${where}\n  ${text.replaceAll('\n', '\n  ')}\n`;
  }
}
