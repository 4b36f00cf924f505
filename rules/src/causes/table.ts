import { fileURLToPath } from 'node:url';
import {
  check,
  lineOf,
  MistakeError,
  place,
  readSource,
  suggestion,
  type Source,
} from '@halfopen/checked-yaml';
import { CAUSE_NAMES, type CauseName } from '@halfopen/telemetry';
import { z } from 'zod';
import { isProbeId, PROBE_IDS, type ProbeId } from '../probes/probes.js';

/** What each cause makes the probes see: `rules/causes.yaml`, and what a user's own file changes in it. */
export interface CauseTable {
  /** Probability that a probe reads `yes`, by the word for it. */
  readonly levels: ReadonlyMap<string, number>;
  /** How often a probe reads `yes` though nothing is wrong with what it looks at. */
  readonly healthy: number;
  /** Probes that are mistaken more rarely still, and how rarely. */
  readonly outright: { readonly probability: number; readonly probes: ReadonlySet<ProbeId> };
  /** Of `unknown-cause`, which predicts nothing. */
  readonly unknown: number;
  readonly hypotheses: ReadonlyMap<string, HypothesisDefinition>;
}

/** A cause at a place. */
export interface HypothesisDefinition {
  readonly cause: CauseName;
  /** In words, as the explanation of an incident says it. */
  readonly explanation: string;
  /** Relative weight before any evidence. */
  readonly prior: number;
  /** Levels, by probe. */
  readonly expects: ReadonlyMap<ProbeId, string>;
}

/** The hypothesis that stands for everything which the table does not know: it expects nothing. */
export const UNKNOWN_CAUSE = 'unknown-cause';

const probability = z.number().gt(0).lt(1).meta({ example: '0.5' });
const word = z.string().regex(/^[\w@.-]{1,64}$/, 'expected letters, digits, - _ . and @');
const expects = z.record(z.string(), z.string().meta({ example: 'mostly' }));
const hypothesis = z.strictObject({
  cause: z
    .enum(CAUSE_NAMES as [CauseName, ...CauseName[]])
    .optional()
    .meta({ example: 'reader-dead' }),
  explanation: z.string().min(1).max(500).optional().meta({ example: "the agent's reader has stopped" }),
  prior: z.number().gt(0).max(1000).optional().meta({ example: '4' }),
  expects: expects.optional().meta({ example: '{ agent-hears-nothing: surely }' }),
});
const tableSchema = z.strictObject({
  levels: z.record(word, probability).optional().meta({ example: '{ mostly: 0.85 }' }),
  healthy: probability.optional(),
  outright: z
    .strictObject({
      probability: probability.optional(),
      probes: z.array(z.string()).max(100).optional().meta({ example: '[agent-reader-dead]' }),
    })
    .optional(),
  unknown: probability.optional(),
  hypotheses: z.record(word, hypothesis).optional().meta({ example: '{ reader-dead@agent: { prior: 12 } }' }),
});
type TableFile = z.infer<typeof tableSchema>;

const BUILT_IN = fileURLToPath(new URL('../../../causes.yaml', import.meta.url));

const NOTHING: CauseTable = {
  levels: new Map(),
  healthy: 0,
  outright: { probability: 0, probes: new Set() },
  unknown: 0,
  hypotheses: new Map(),
};

export function builtInTable(): CauseTable {
  return overlay(NOTHING, readSource(BUILT_IN, 'cause table'));
}

/**
 * The table with a file's changes: what the file names is replaced, the rest stands. A hypothesis that the table does not
 * have needs cause, explanation and prior.
 *
 * @throws MistakeError with file and line
 */
export function overlay(table: CauseTable, source: Source): CauseTable {
  const file = check(tableSchema, source);
  const levels = new Map([...table.levels, ...Object.entries(file.levels ?? {})]);
  return {
    levels,
    healthy: file.healthy ?? table.healthy,
    outright: {
      probability: file.outright?.probability ?? table.outright.probability,
      probes: outrightProbes(file, source) ?? table.outright.probes,
    },
    unknown: file.unknown ?? table.unknown,
    hypotheses: new Map([
      ...table.hypotheses,
      ...Object.entries(file.hypotheses ?? {}).map(
        ([id, said]) => [id, changed(id, said, { table, levels, source })] as const,
      ),
    ]),
  };
}

function outrightProbes(file: TableFile, source: Source): ReadonlySet<ProbeId> | undefined {
  const names = file.outright?.probes;
  return names && new Set(names.map((name, index) => probe(name, source, ['outright', 'probes', index])));
}

interface Surroundings {
  readonly table: CauseTable;
  readonly levels: ReadonlyMap<string, number>;
  readonly source: Source;
}

function changed(
  id: string,
  said: NonNullable<TableFile['hypotheses']>[string],
  { table, levels, source }: Surroundings,
): HypothesisDefinition {
  const path = ['hypotheses', id];
  const before = table.hypotheses.get(id);
  const { cause = before?.cause, explanation = before?.explanation, prior = before?.prior } = said;
  if (cause === undefined || explanation === undefined || prior === undefined)
    throw new MistakeError(
      `${place(source, path)} ${path.join('.')}: a hypothesis that is not in the table needs cause, explanation and prior; to change one that is, ${suggestion([...table.hypotheses.keys()], id)}`,
    );
  if (id === UNKNOWN_CAUSE && (said.expects !== undefined || cause !== UNKNOWN_CAUSE))
    throw new MistakeError(
      `${place(source, path)} ${path.join('.')}: it stands for what the table does not know, and expects nothing: its prior and explanation can be changed`,
    );
  const entries = Object.entries(said.expects ?? {}).map(([name, level]) => {
    const where = [...path, 'expects', name];
    const id = probe(name, source, where);
    if (!levels.has(level))
      throw new MistakeError(
        `${place(source, where)} ${where.join('.')}: no level is called ${level}; ${suggestion([...levels.keys()], level)}`,
      );
    return [id, level] as const;
  });
  return { cause, explanation, prior, expects: new Map([...(before?.expects ?? []), ...entries]) };
}

function probe(name: string, source: Source, path: readonly (string | number)[]): ProbeId {
  if (isProbeId(name)) return name;
  throw new MistakeError(
    `${source.file}:${lineOf(source, path)} ${path.join('.')}: no probe is called ${name}; ${suggestion(PROBE_IDS, name)}`,
  );
}
