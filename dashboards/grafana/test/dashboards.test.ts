import assert from 'node:assert/strict';
import test from 'node:test';
import {
  VariableType,
  type Dashboard,
  type Panel,
  type RowPanel,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { CHANNEL_STATES, DIRECTION_STATES, SEVERITIES } from '@halfopen/telemetry';
import { DASHBOARD_UIDS, dashboards, DATASOURCE_UID, panelQueries } from '../src/index.js';
import { readQueries, splitQueries } from '../src/queries.js';
import { DIRECTION_WORDS, SEVERITY_WORDS, STATE_WORDS } from '../src/words.js';

const ALL = dashboards({ publicUrl: 'https://halfopen.example.net/' });
/** Grafana's own, in links and queries. */
const BUILT_IN =
  /^__(value|data|url_time_range|field|interval_s|timeFilter|timeInterval|fromTime|toTime|conditionalAll)\b/;

interface Target {
  readonly refId: string;
  readonly rawSql: string;
  readonly editorType: string;
  readonly queryType: string;
  readonly format: number;
  readonly pluginVersion: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

const isPanel = (panel: Panel | RowPanel): panel is Panel => panel.type !== 'row';
const panelsOf = (json: Dashboard): Panel[] => (json.panels ?? []).filter(isPanel);
const variablesOf = (json: Dashboard): VariableModel[] => json.templating.list ?? [];
const targetsOf = (panel: Panel): Target[] => (panel.targets ?? []) as unknown as Target[];

function linksOf(panel: Panel): { title: string; url: string }[] {
  return (panel.fieldConfig?.overrides ?? [])
    .flatMap(({ properties }) => properties)
    .filter(({ id }) => id === 'links')
    .flatMap(({ value }) => value as { title: string; url: string }[]);
}

test('each dashboard has its own uid and title, and is found by its name', () => {
  assert.deepEqual(
    ALL.map(({ uid }) => uid),
    Object.values(DASHBOARD_UIDS),
  );
  assert.equal(new Set(ALL.map(({ title }) => title)).size, ALL.length);
  for (const { uid, title, json } of ALL) {
    assert.equal(json.uid, uid);
    assert.equal(json.title, title);
    assert.ok(uid.length >= 8 && uid.length <= 40, 'what Grafana takes for a uid');
  }
});

test('the same bytes each time', () => {
  assert.equal(JSON.stringify(dashboards()), JSON.stringify(dashboards()));
});

for (const { uid, json } of ALL) {
  test(`${uid}: each panel asks one question, with unit, description, thresholds`, () => {
    const titles = panelsOf(json).map(({ title }) => title);
    assert.equal(new Set(titles).size, titles.length, 'no question twice');
    for (const panel of panelsOf(json)) {
      const where = panel.title ?? '';
      assert.match(where, /^[A-Z].*\?$/);
      assert.ok((panel.description ?? '').length >= 20, `${where}: how to read it`);
      assert.ok(panel.fieldConfig?.defaults.unit, `${where}: unit`);
      assert.ok((panel.fieldConfig.defaults.thresholds?.steps.length ?? 0) > 0, `${where}: thresholds`);
    }
    for (const row of (json.panels ?? []).filter((panel) => !isPanel(panel)))
      assert.match(row.title ?? '', /\w/);
  });

  test(`${uid}: ids are unique, and panels stand on the grid without covering each other`, () => {
    const all = json.panels ?? [];
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    const taken = new Set<string>();
    for (const { gridPos, title } of all) {
      assert.ok(gridPos !== undefined && gridPos.x + gridPos.w <= 24, title ?? '');
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(!taken.has(`${x},${y}`), `${title ?? ''} covers another`);
          taken.add(`${x},${y}`);
        }
    }
  });

  test(`${uid}: queries as the plugin saves them, of the one data source`, () => {
    const formats: Record<string, number> = { timeseries: 0, table: 1, traces: 3 };
    for (const panel of panelsOf(json)) {
      assert.equal(panel.datasource?.uid, DATASOURCE_UID);
      const [target, ...more] = targetsOf(panel);
      assert.ok(target !== undefined && more.length === 0, 'one query');
      assert.deepEqual(target.datasource, { type: 'grafana-clickhouse-datasource', uid: DATASOURCE_UID });
      assert.equal(target.editorType, 'sql');
      assert.equal(target.format, formats[target.queryType]);
      assert.ok(target.rawSql.length > 0, panel.title);
    }
    for (const variable of variablesOf(json).filter(({ type }) => type === VariableType.Query))
      assert.equal(variable.datasource?.uid, DATASOURCE_UID);
  });

  test(`${uid}: variables are there, said what they are, and all used`, () => {
    const known = variablesOf(json).map(({ name }) => name);
    const used = new Set<string>();
    const texts = panelsOf(json).flatMap((panel) => targetsOf(panel).map(({ rawSql }) => rawSql));
    const queries = variablesOf(json).map(({ query }) => (typeof query === 'string' ? query : ''));
    for (const text of [...texts, ...queries])
      for (const [, name = ''] of text.matchAll(/\$\{?(\w+)/g)) if (!BUILT_IN.test(name)) used.add(name);
    assert.deepEqual([...used].sort(), known.toSorted());
    for (const { label, description } of variablesOf(json))
      assert.ok((label ?? '') !== '' && (description ?? '') !== '');
  });

  test(`${uid}: links lead to dashboards and variables that exist, or to the console`, () => {
    for (const panel of panelsOf(json)) {
      for (const { title, url } of linksOf(panel)) {
        assert.ok(title.length > 0);
        for (const [, name = ''] of url.matchAll(/\$\{(\w+)/g)) assert.match(name, BUILT_IN);
        if (url.startsWith('/d/')) {
          const target = ALL.find((other) => url.startsWith(`/d/${other.uid}?`));
          assert.ok(target !== undefined, `${url} leads nowhere`);
          assert.match(url, /\$\{__url_time_range\}/, 'the range goes along');
          const names = variablesOf(target.json).map((variable) => variable.name);
          for (const [, name = ''] of url.matchAll(/var-(\w+)=/g)) assert.ok(names.includes(name), url);
        } else {
          assert.match(url, /^(https:\/\/halfopen\.example\.net\/incidents\/|\$\{__value\.raw:raw\}$)/);
        }
      }
    }
  });

  test(`${uid}: overrides are for columns that the query has`, () => {
    for (const panel of panelsOf(json)) {
      const sql = targetsOf(panel)[0]?.rawSql ?? '';
      for (const { matcher } of panel.fieldConfig?.overrides ?? []) {
        assert.equal(matcher.id, 'byName');
        assert.match(sql, new RegExp(`\\b${String(matcher.options)}\\b`), panel.title ?? '');
      }
    }
  });
}

test('queries are bounded: in time wherever they read telemetry, in rows wherever they list', () => {
  for (const { dashboard, name, sql } of panelQueries()) {
    const where = `${dashboard}/${name}`;
    assert.match(
      sql,
      /\$__(timeFilter|toTime|fromTime)|system\.parts|FROM (notifications AS n|incident_acknowledgements AS a)/,
      `${where}: time`,
    );
    assert.ok(
      /\bLIMIT \d+$/.test(sql) || !/\bORDER BY\b/.test(sql.replace(/OVER \([^)]*\)/g, '')),
      `${where}: rows`,
    );
    assert.ok(!sql.replace(/--.*|'[^']*'/g, '').includes(';'), `${where}: one statement`);
  }
});

test('every query of the files is on a dashboard, and the other way round', () => {
  const shown = panelQueries().map(({ dashboard, name }) => `${dashboard}/${name}`);
  const written = Object.keys(DASHBOARD_UIDS).flatMap((file) =>
    [...readQueries(file).keys()].map((name) => `${file}/${name}`),
  );
  assert.deepEqual(shown.toSorted(), written.toSorted());
});

test('two queries of one name are an error', () => {
  assert.throws(() => splitQueries('-- name: a\nSELECT 1\n-- name: a\nSELECT 2'), /two queries are called a/);
});

test("words and their colours are the contract's: none is missing, none is ours alone", () => {
  assert.deepEqual(Object.keys(STATE_WORDS), Object.keys(CHANNEL_STATES));
  assert.deepEqual(Object.keys(DIRECTION_WORDS), Object.keys(DIRECTION_STATES));
  assert.deepEqual(Object.keys(SEVERITY_WORDS), [...SEVERITIES]);
  const colours = Object.values(STATE_WORDS);
  assert.equal(new Set(colours).size, colours.length, 'each state has a colour of its own');
});

test("an incident's option is taken apart into its sentence and its id", () => {
  const [incident] = ALL.filter(({ uid }) => uid === DASHBOARD_UIDS.incident);
  const regex = variablesOf(incident?.json ?? ({} as Dashboard))[0]?.regex ?? '';
  const [, pattern = ''] = /^\/(.*)\/$/.exec(regex) ?? [];
  const groups = new RegExp(pattern).exec(
    'agent-3 is broken; likeliest cause: a | b (96 %) | c70a1f49',
  )?.groups;
  assert.deepEqual(
    { ...groups },
    { text: 'agent-3 is broken; likeliest cause: a | b (96 %)', value: 'c70a1f49' },
  );
});
