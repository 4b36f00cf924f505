import assert from 'node:assert/strict';
import { PeopleSqlError, type PeopleSql } from '@halfopen/store';
import type { Fact } from '@halfopen/telemetry';
import { READINGS } from './readings.js';
import { Rows, type Row } from './rows.js';

/** What is wrong with any of the facts, one after the other: the gate takes few queries at once. */
export async function allMisstated(people: PeopleSql, facts: readonly Fact[]): Promise<string> {
  const distinct = new Map(facts.map((fact) => [`${fact.statement}\n${fact.sql}`, fact]));
  const wrong: string[] = [];
  for (const fact of distinct.values()) wrong.push(...((await misstated(people, fact)) ?? []));
  return wrong.join('\n');
}

/**
 * Runs a fact's query as a person would, and holds its statement against the rows.
 *
 * @returns what is wrong with the fact; undefined where its rows show what it states
 */
export async function misstated(people: PeopleSql, fact: Fact): Promise<readonly [string] | undefined> {
  try {
    const { bytes } = await people.query(fact.sql, { format: 'JSON' });
    const { data } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { data: Row[] };
    compare(fact, new Rows(data, instantOf(fact.sql)));
    return undefined;
  } catch (error) {
    if (!(error instanceof assert.AssertionError || error instanceof PeopleSqlError)) throw error;
    return [
      `${fact.id} (${fact.observed ? 'seen' : 'not so'}): ${fact.statement}\n  ${error.message}\n  ${fact.sql}`,
    ];
  }
}

function compare(fact: Fact, rows: Rows): void {
  const read = READINGS[fact.id];
  assert.ok(read !== undefined, 'nobody has said what its rows tell: readings.ts needs an entry');
  const { holds, tells } = read(rows, fact.observed);
  const stated = numbersIn(fact.statement).join(' ');
  const told = tells.map((numbers) => numbersIn(numbers.join(' ')).join(' '));
  const shown = JSON.stringify(rows.rows);
  assert.ok(told.includes(stated), `states [${stated}], its rows tell [${told.join('] or [')}]: ${shown}`);
  assert.ok(holds, `its rows do not bear it out: ${shown}`);
}

/** Times, lengths of time, counts, and names with a digit in them. */
function numbersIn(statement: string): readonly string[] {
  return (
    statement.match(/\d\d:\d\d:\d\d UTC|\d+ (?:s|min|ms)\b|[^\s(),;]*\d(?:[^\s(),;]*[^\s(),;:])?/g) ?? []
  );
}

/** The instant that the query of a signals view names. */
function instantOf(sql: string): number | undefined {
  const at = /\(at = '([\d-]+) ([\d:.]+)'/.exec(sql);
  return at === null ? undefined : Date.parse(`${at[1] ?? ''}T${at[2] ?? ''}Z`);
}
