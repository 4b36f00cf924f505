import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { DASHBOARD_UIDS, DATASOURCE_TYPE, DATASOURCE_UID, PLUGIN_VERSION } from './names.js';
import { readQueries } from './queries.js';
import type { ColumnSpec, DashboardSpec, PanelSpec, Thresholds, View } from './specs.js';
import { buildVariable } from './variables.js';
import type { Words } from './words.js';

const DATASOURCE: common.DataSourceRef = { type: DATASOURCE_TYPE, uid: DATASOURCE_UID };

/** Nothing is counted more often than ends report. */
const INTERVAL_MIN = '10s';

/** Grafana's JSON of a dashboard. The same spec gives the same JSON. */
export function renderDashboard(spec: DashboardSpec): dashboard.Dashboard {
  const queries = readQueries(spec.name);
  const builder = new dashboard.DashboardBuilder(spec.title)
    .uid(DASHBOARD_UIDS[spec.name])
    .description(spec.description)
    .tags(['halfopen'])
    .timezone('browser')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .time({ from: spec.from ?? 'now-30m', to: 'now' })
    .refresh('1m')
    .link(othersLink());
  for (const variable of spec.variables)
    builder.withVariable(buildVariable(variable, DATASOURCE, queryOf(queries, `variable_${variable.name}`)));
  let id = 1;
  for (const row of spec.rows) {
    builder.withRow(new dashboard.RowBuilder(row.title).id(id++));
    for (const panel of row.panels)
      builder.withPanel(buildPanel(panel, queryOf(queries, panel.query) ?? '', id++));
  }
  return builder.build();
}

function queryOf(queries: ReadonlyMap<string, string>, name: string): string | undefined {
  return queries.get(name);
}

/** From any dashboard to the others, the range kept. In sight: the SDK would put it into a menu. */
function othersLink(): cog.Builder<dashboard.DashboardLink> {
  return {
    build: () => {
      const link = new dashboard.DashboardLinkBuilder('Halfopen')
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(['halfopen'])
        .asDropdown(true)
        .keepTime(true)
        .build();
      delete link.placement;
      return link;
    },
  };
}

/** The plugin's query, as its editor saves it (types/sql.ts of the plugin); formats are sqlds's. */
class Target implements cog.Builder<cog.Dataquery> {
  constructor(
    private readonly sql: string,
    private readonly view: View,
  ) {}

  build(): cog.Dataquery {
    const [queryType, format] = QUERY_FORMATS[this.view];
    const target = {
      refId: 'A',
      datasource: DATASOURCE,
      pluginVersion: PLUGIN_VERSION,
      editorType: 'sql',
      rawSql: this.sql,
      queryType,
      format,
    };
    return target as unknown as cog.Dataquery;
  }
}

/** A series needs one column `time`, in order; what is read by rows is a table, times or not. */
const QUERY_FORMATS: Readonly<Record<View, readonly [string, number]>> = {
  lines: ['timeseries', 0],
  bars: ['timeseries', 0],
  stat: ['table', 1],
  table: ['table', 1],
  ranking: ['table', 1],
  timeline: ['table', 1],
  trace: ['traces', 3],
};

type PanelBuilder =
  | stat.PanelBuilder
  | table.PanelBuilder
  | timeseries.PanelBuilder
  | bargauge.PanelBuilder
  | statetimeline.PanelBuilder;

function buildPanel(spec: PanelSpec, sql: string, id: number): cog.Builder<dashboard.Panel> {
  if (spec.view === 'trace') return tracePanel(spec, sql, id);
  const builder = viewBuilder(spec);
  builder
    .id(id)
    .title(spec.title)
    .description(spec.description)
    .datasource(DATASOURCE)
    .withTarget(new Target(sql, spec.view))
    .span(spec.width)
    .height(spec.height)
    .interval(INTERVAL_MIN)
    .unit(spec.unit)
    .thresholds(thresholdsOf(spec.thresholds));
  if (spec.nothing !== undefined) builder.noValue(spec.nothing);
  if (spec.max !== undefined) builder.min(0).max(spec.max);
  for (const [name, column] of Object.entries(spec.columns ?? {}))
    builder.overrideByName(name, columnProperties(name, column, spec.view));
  return builder;
}

/** The SDK has no builder for this one; it takes no options. */
function tracePanel(spec: PanelSpec, sql: string, id: number): cog.Builder<dashboard.Panel> {
  return {
    build: () => ({
      type: 'traces',
      id,
      title: spec.title,
      description: spec.description,
      datasource: DATASOURCE,
      targets: [new Target(sql, spec.view).build()],
      gridPos: { x: 0, y: 0, w: spec.width, h: spec.height },
      fieldConfig: {
        defaults: { unit: spec.unit, thresholds: thresholdsOf(spec.thresholds).build() },
        overrides: [],
      },
    }),
  };
}

const BUILDERS: Readonly<Record<Exclude<View, 'trace'>, () => PanelBuilder>> = {
  stat: () =>
    new stat.PanelBuilder()
      .reduceOptions(
        new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('/.*/').values(false),
      )
      .colorMode(common.BigValueColorMode.Background)
      .graphMode(common.BigValueGraphMode.None)
      .textMode(common.BigValueTextMode.ValueAndName),
  table: () =>
    new table.PanelBuilder().showHeader(true).cellHeight(common.TableCellHeight.Sm).filterable(true),
  lines: () => lines().drawStyle(common.GraphDrawStyle.Line).lineWidth(2).spanNulls(60_000),
  bars: () =>
    lines()
      .drawStyle(common.GraphDrawStyle.Bars)
      .fillOpacity(80)
      .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A')),
  ranking: () =>
    new bargauge.PanelBuilder()
      .reduceOptions(
        new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(true).limit(50),
      )
      .orientation(common.VizOrientation.Horizontal)
      .displayMode(common.BarGaugeDisplayMode.Basic),
  timeline: () =>
    new statetimeline.PanelBuilder().mergeValues(true).showValue(common.VisibilityMode.Auto).rowHeight(0.9),
};

function lines(): timeseries.PanelBuilder {
  return new timeseries.PanelBuilder()
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi))
    .axisSoftMin(0);
}

function viewBuilder({ view }: PanelSpec): PanelBuilder {
  if (view === 'trace') throw new TypeError('a trace panel has no builder');
  return BUILDERS[view]();
}

function thresholdsOf([base, ...steps]: Thresholds): dashboard.ThresholdsConfigBuilder {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([{ value: null, color: base }, ...steps.map(([value, color]) => ({ value, color }))]);
}

function columnProperties(name: string, column: ColumnSpec, view: View): dashboard.DynamicConfigValue[] {
  const title = column.title ?? name.replaceAll('_', ' ');
  const coloured = column.words !== undefined || column.thresholds !== undefined;
  const properties: (dashboard.DynamicConfigValue | undefined)[] = [
    title === name ? undefined : { id: 'displayName', value: title },
    column.unit === undefined ? undefined : { id: 'unit', value: column.unit },
    column.words === undefined ? undefined : { id: 'mappings', value: mappingsOf(column.words) },
    column.thresholds === undefined
      ? undefined
      : { id: 'thresholds', value: thresholdsOf(column.thresholds).build() },
    column.colour === undefined
      ? undefined
      : { id: 'color', value: { mode: dashboard.FieldColorModeId.Fixed, fixedColor: column.colour } },
    column.links === undefined
      ? undefined
      : { id: 'links', value: column.links.map((link) => ({ ...link, targetBlank: false })) },
    column.width === undefined ? undefined : { id: 'custom.width', value: column.width },
    view !== 'table' || !(coloured || column.wrap === true)
      ? undefined
      : { id: 'custom.cellOptions', value: cellOptions(coloured, column.wrap === true) },
  ];
  return properties.filter((property) => property !== undefined);
}

function cellOptions(coloured: boolean, wrapText: boolean): Record<string, unknown> {
  return { type: coloured ? 'color-text' : 'auto', ...(wrapText ? { wrapText } : {}) };
}

function mappingsOf(words: Words): dashboard.ValueMapping[] {
  const options = Object.fromEntries(
    Object.entries(words).map(([word, color], index) => [word, { text: word, color, index }]),
  );
  return [{ type: dashboard.MappingType.ValueToText, options }];
}
