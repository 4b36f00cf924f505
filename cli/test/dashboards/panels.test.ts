import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { panelQueries, type PanelQuery } from '@halfopen/grafana';
import {
  DEMO_FAULTS,
  demoChannel,
  demoSet,
  SAMPLES,
  sampleSet,
  type DataSet,
  type SampleName,
} from './data-sets.js';
import { whyEmpty } from './empty.js';
import { ALL, expand, type Page } from './plugin.js';

/** A column of the table: what is looked at, with the channel and the incident that one would choose. */
interface Look {
  readonly column: string;
  readonly set: DataSet;
  readonly channel: string;
}

interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Rows by query and column. */
const counts = new Map<string, Map<string, number>>();

for (const [name, channel] of Object.entries(SAMPLES)) {
  test(`every panel and variable, with the sample ${name}`, async (t) => {
    await lookAt(t, { column: name, set: await sampleSet(t, name as SampleName), channel });
  });
}

test("every panel and variable, with the demo's faults", async (t) => {
  const set = await demoSet(t);
  for (const fault of DEMO_FAULTS) {
    const channel = demoChannel(fault);
    await t.test(fault, (look) => lookAt(look, { column: `demo: ${fault}`, set, channel }));
  }
});

test('rows by panel and data set', (t) => {
  for (const line of table()) t.diagnostic(line);
  assert.equal(counts.size, panelQueries().length);
});

/** All queries of one column, each held against what is expected of it. */
async function lookAt(t: TestContext, { column, set, channel }: Look): Promise<void> {
  const incident = await incidentOf(set, channel);
  const wrong: string[] = [];
  for (const query of panelQueries()) {
    const answer = await answerOf(set, query, pageOf(query, set, channel, incident));
    const { rows } = answer;
    const key = `${query.dashboard}/${query.name}`;
    const row = counts.get(key) ?? new Map<string, number>();
    counts.set(key, row.set(column, rows.length));
    const reason = whyEmpty(key, column);
    if (rows.length === 0 && reason === undefined) wrong.push(`${key} is empty`);
    if (rows.length > 0 && reason !== undefined) wrong.push(`${key} is not empty, though "${reason}"`);
    wrong.push(...misshapen(query, answer).map((problem) => `${key}: ${problem}`));
  }
  t.diagnostic(`${column}: ${channel}, incident ${incident === '' ? 'none' : incident}`);
  assert.deepEqual(wrong, [], column);
}

function pageOf(query: PanelQuery, set: DataSet, channel: string, incident: string): Page {
  const anyChannel = query.dashboard === 'traces';
  const byInsertion = query.dashboard === 'pipeline';
  return {
    fromMs: byInsertion ? Date.now() - 3_600_000 : set.fromMs,
    toMs: byInsertion ? Date.now() + 60_000 : set.toMs,
    interval_s: 15,
    variables: {
      site: ALL,
      agent_version: ALL,
      direction: ALL,
      service: ALL,
      channel: anyChannel ? '' : channel,
      trace_id: '',
      incident,
      console: 'https://halfopen.example.net',
      runbooks: 'https://wiki.example.net/halfopen',
    },
  };
}

async function answerOf({ stored }: DataSet, query: PanelQuery, page: Page): Promise<Answer> {
  const { bytes } = await stored.people.query(expand(query.sql, page), {
    format: 'JSONCompactEachRowWithNamesAndTypes',
  });
  const [names = [], types = [], ...rows] = Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown[]);
  return {
    columns: names.map((name, index) => ({ name: String(name), type: String(types[index]) })),
    rows,
  };
}

/** The one that a page would be about: the gravest that fired on the channel, else on any. */
async function incidentOf({ stored }: DataSet, channel: string): Promise<string> {
  const found = await stored.store.query<{ id: string }>(
    `SELECT id FROM incidents WHERE fired_at IS NOT NULL
     ORDER BY has(channels, {channel:String}) DESC, indexOf(['critical', 'error', 'warning', 'info'], severity), fired_at, id
     LIMIT 1`,
    { params: { channel } },
  );
  return found[0]?.id ?? '';
}

/** Types that the plugin decodes to a value of a table or series; Map, Array and Tuple become JSON. */
const DECODABLE =
  /^(LowCardinality\()?(Nullable\()?(DateTime|DateTime64\([39]\)|Date|U?Int(8|16|32|64)|Float(32|64)|Bool|String)\)*$/;
const DECODABLE_AS_JSON = /^(Array|Map|Tuple)\(/;

/** What a view needs of its columns. */
function misshapen({ view }: PanelQuery, { columns, rows }: Answer): string[] {
  const names = columns.map(({ name }) => name);
  const [first] = columns;
  const undecodable = columns
    .filter(({ type }) => !DECODABLE.test(type) && !(view === 'trace' && DECODABLE_AS_JSON.test(type)))
    .map(({ name, type }) => `the plugin does not decode ${name} ${type}`);
  return [...undecodable, ...unfit()];

  function unfit(): string[] {
    if (view === undefined)
      return columns.length === 1 && first?.type.includes('String') === true
        ? []
        : ['a variable needs one column of text'];
    switch (view) {
      case 'lines':
      case 'bars':
      case 'timeline':
        return [
          ...(first?.name === 'time' && first.type === 'DateTime' ? [] : ['it begins with the column time']),
          ...(rows.every((row, index) => index === 0 || String(rows[index - 1]?.[0]) <= String(row[0]))
            ? []
            : ['it goes forwards in time']),
        ];
      case 'trace':
        return ['traceID', 'spanID', 'parentSpanID', 'serviceName', 'operationName', 'startTime', 'duration']
          .filter((column) => !names.includes(column))
          .map((column) => `a trace needs the column ${column}`);
      case 'stat':
      case 'ranking':
      case 'table':
        return [];
    }
  }
}

function table(): string[] {
  const columns = [...new Set([...counts.values()].flatMap((row) => [...row.keys()]))];
  const width = Math.max(...[...counts.keys()].map((key) => key.length));
  const head = [
    'rows of'.padEnd(width),
    ...columns.map((_, index) => String.fromCharCode(65 + index).padStart(5)),
  ];
  return [
    ...columns.map((column, index) => `${String.fromCharCode(65 + index)} = ${column}`),
    head.join(''),
    ...[...counts].map(([key, row]) =>
      [key.padEnd(width), ...columns.map((column) => String(row.get(column) ?? '-').padStart(5))].join(''),
    ),
  ];
}
