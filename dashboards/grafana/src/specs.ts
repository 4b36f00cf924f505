import type { Link } from './links.js';
import type { DashboardName } from './names.js';
import type { Words } from './words.js';

/** Where links lead, without a slash at the end. */
export interface Addresses {
  /** Of the console. */
  readonly publicUrl: string;
  /** Of the folder that holds `docs/`; empty where it is not known. */
  readonly runbooksUrl: string;
}

/** A dashboard as it is thought of: rows of questions. `render.ts` makes Grafana's JSON of it. */
export interface DashboardSpec {
  readonly name: DashboardName;
  readonly title: string;
  readonly description: string;
  /** @default now-30m */
  readonly from?: string;
  readonly variables: readonly VariableSpec[];
  /** The first row is the answer, the others are the reason. */
  readonly rows: readonly RowSpec[];
}

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

export type VariableSpec = QueryVariableSpec | ChoiceVariableSpec | TextVariableSpec | ConstantVariableSpec;

interface VariableBase {
  readonly name: string;
  readonly label: string;
  readonly description: string;
}

export interface QueryVariableSpec extends VariableBase {
  readonly kind: 'query';
  /** Several values, or all of them; else one. @default false */
  readonly several?: boolean;
  /** Takes text and value out of each option. */
  readonly regex?: string;
}

export interface ChoiceVariableSpec extends VariableBase {
  readonly kind: 'choice';
  readonly choices: readonly string[];
}

/** Never shown: an address that queries need. */
export interface ConstantVariableSpec extends VariableBase {
  readonly kind: 'constant';
  readonly value: string;
}

export interface TextVariableSpec extends VariableBase {
  readonly kind: 'text';
}

export type View = 'stat' | 'table' | 'lines' | 'bars' | 'ranking' | 'timeline' | 'trace';

/** One question, one query, one way to look at its answer. */
export interface PanelSpec {
  /** Its query in `queries/<dashboard>.sql`. */
  readonly query: string;
  readonly view: View;
  /** The question. */
  readonly title: string;
  /** How to read the answer. */
  readonly description: string;
  /** Of every number that has no unit of its own. Grafana's ids: `short`, `s`, `bytes`, `percentunit`, `none`, ... */
  readonly unit: string;
  /** From which value on which colour. */
  readonly thresholds: Thresholds;
  readonly width: number;
  readonly height: number;
  readonly columns?: Readonly<Record<string, ColumnSpec>>;
  /** What is shown where there is nothing, which is often the good answer. */
  readonly nothing?: string;
  readonly max?: number;
}

export type Thresholds = readonly [
  base: string,
  ...steps: readonly (readonly [from: number, colour: string])[],
];

/** Nothing is too much or too little here. */
export const NEUTRAL: Thresholds = ['text'];

export interface ColumnSpec {
  /** @default the column's name, with spaces */
  readonly title?: string;
  readonly unit?: string;
  readonly words?: Words;
  readonly links?: readonly Link[];
  readonly thresholds?: Thresholds;
  readonly colour?: string;
  readonly width?: number;
  /** Long text: wrapped, not cut. */
  readonly wrap?: boolean;
}
