import {
  positionText,
  type DeadLetterDesk,
  type LetterFilter,
  type LetterPosition,
  type OfferOutcome,
} from '@halfopen/stream';
import { InvalidArgumentError, type Command } from 'commander';
import { deskInKafka, withDeskOf } from '../dead-letters/desk.js';
import { letterJson, LETTERS_MAX, parsePosition } from '../dead-letters/letters.js';
import { EXIT, Failure } from '../failure.js';
import { parseInstant } from '../instant.js';
import { lettersText } from '../output/dead-letters.js';
import { configOf, EXIT_CODES, withCommonOptions, type CommonOptions } from './options.js';

interface Chosen extends CommonOptions {
  readonly reason?: string;
  readonly since?: string;
}

export function addDeadLetters(program: Command): void {
  const deadLetters = program
    .command('dead-letters')
    .description('messages that could not be read: list them, offer them again');
  addList(deadLetters);
  addOffer(deadLetters);
}

function addList(deadLetters: Command): void {
  withFilter(deadLetters.command('list'))
    .description('those that have not been offered again, the oldest first')
    .option('--limit <n>', `show so many, ${LETTERS_MAX} at most`, limitOf, 100)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', `\nExample:\n  halfopen dead-letters list --reason rows-too-large\n${EXIT_CODES}`)
    .action(async (options: Chosen & { readonly limit: number; readonly json?: boolean }) => {
      const found = await atDesk(options, (desk) => desk.open(filterOf(options), options.limit));
      const json = () => found.letters.map((letter) => `${JSON.stringify(letterJson(letter))}\n`).join('');
      process.stdout.write(options.json === true ? json() : lettersText(found));
    });
}

function addOffer(deadLetters: Command): void {
  withFilter(deadLetters.command('offer'))
    .description('send them into the stream again, each once: a newer version may read them')
    .argument('[position...]', 'as the list shows them')
    .option('--all', `all that are open; ${LETTERS_MAX} in one call`)
    .addHelpText(
      'after',
      `
What still can't be read comes back as a dead letter of its own.

Examples:
  halfopen dead-letters offer --reason rows-too-large
  halfopen dead-letters offer halfopen-spans-3-1234
${EXIT_CODES}`,
    )
    .action(async (positions: string[], options: Chosen & { readonly all?: boolean }) => {
      const named = positions.map(parsePosition);
      assertOneChoice(named, options);
      await atDesk(options, async (desk) => {
        const filter = { ...filterOf(options), wholeOnly: true };
        const open = named.length > 0 ? undefined : await desk.open(filter, LETTERS_MAX);
        const wanted = open === undefined ? named : open.letters;
        const outcomes = wanted.length === 0 ? [] : await desk.offer(wanted);
        // Of those that were found open, somebody else may have offered some meanwhile.
        const excused: readonly OfferOutcome[] = open === undefined ? [] : ['not-open'];
        report(wanted, outcomes, excused);
        if (open !== undefined && open.more > 0)
          process.stdout.write(`${open.more} more are open: call it again\n`);
      });
    });
}

function withFilter(command: Command): Command {
  return withCommonOptions(command)
    .option('--reason <code>', 'of these only, such as rows-too-large')
    .option('--since <time>', 'that came at this time or later, such as 2026-10-01T12:03:00Z');
}

/** A data directory that is named is meant, whatever else is configured. */
function atDesk<T>(options: Chosen, work: (desk: DeadLetterDesk) => Promise<T>): Promise<T> {
  const config = configOf(options);
  return config.kafka === undefined || options.data !== undefined
    ? withDeskOf(config, work)
    : work(deskInKafka(config.kafka));
}

function filterOf({ reason, since }: Chosen): LetterFilter {
  return { reason, sinceMs: since === undefined ? undefined : parseInstant(since, 'since') };
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LETTERS_MAX) return limit;
  throw new InvalidArgumentError(`expected a number from 1 to ${LETTERS_MAX}`);
}

function assertOneChoice(
  named: readonly LetterPosition[],
  { all, reason, since }: Chosen & { readonly all?: boolean },
): void {
  const filtered = all === true || reason !== undefined || since !== undefined;
  if (filtered === named.length > 0)
    throw new Failure('name positions, or else choose with --all, --reason or --since', EXIT.usage);
  if (named.length > LETTERS_MAX)
    throw new Failure(`${named.length} positions: ${LETTERS_MAX} in one call`, EXIT.usage);
}

const WHY: Readonly<Record<Exclude<OfferOutcome, 'offered'>, string>> = {
  'not-open': 'is no open dead letter: unknown, or offered before',
  cut: 'is cut: only its first bytes are kept',
  'too-large': 'is larger than the stream takes',
};

/** Lines of what could not be offered. */
const TOLD_MAX = 20;

/** @throws Failure that names those that could not be offered */
function report(
  wanted: readonly LetterPosition[],
  outcomes: readonly OfferOutcome[],
  excused: readonly OfferOutcome[],
): void {
  const offered = outcomes.filter((outcome) => outcome === 'offered').length;
  process.stdout.write(`${offered} offered again\n`);
  const refused = wanted.flatMap((position, index) => {
    const outcome = outcomes[index] ?? 'not-open';
    return outcome === 'offered' || excused.includes(outcome)
      ? []
      : [`${positionText(position)} ${WHY[outcome]}`];
  });
  if (refused.length === 0) return;
  const untold = refused.length > TOLD_MAX ? [`and ${refused.length - TOLD_MAX} more`] : [];
  throw new Failure([...refused.slice(0, TOLD_MAX), ...untold].join('\n'));
}
