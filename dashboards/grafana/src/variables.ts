import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import type * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type { VariableSpec } from './specs.js';

/** What Grafana calls the choice of everything. */
const ALL = '$__all';

/** @param sql of a query variable: one column of text, which every version of the plugin reads the same way */
export function buildVariable(
  spec: VariableSpec,
  datasource: common.DataSourceRef,
  sql: string | undefined,
): cog.Builder<dashboard.VariableModel> {
  switch (spec.kind) {
    case 'query': {
      if (sql === undefined) throw new Error(`variable ${spec.name} has no query`);
      const builder = new dashboard.QueryVariableBuilder(spec.name)
        .label(spec.label)
        .description(spec.description)
        .datasource(datasource)
        .query(sql)
        .definition(sql)
        .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
        .sort(dashboard.VariableSort.Disabled)
        .multi(spec.several ?? false)
        .includeAll(spec.several ?? false);
      if (spec.several === true) builder.current({ text: ['All'], value: [ALL], selected: true });
      if (spec.regex !== undefined) builder.regex(spec.regex);
      return builder;
    }
    case 'choice':
      return new dashboard.CustomVariableBuilder(spec.name)
        .label(spec.label)
        .description(spec.description)
        .values(spec.choices.join(','))
        .multi(true)
        .includeAll(true)
        .current({ text: ['All'], value: [ALL], selected: true });
    case 'constant':
      return new dashboard.ConstantVariableBuilder(spec.name)
        .label(spec.label)
        .description(spec.description)
        .value(spec.value);
    case 'text':
      return new dashboard.TextBoxVariableBuilder(spec.name)
        .label(spec.label)
        .description(spec.description)
        .defaultValue('')
        .current({ text: '', value: '', selected: true });
  }
}
