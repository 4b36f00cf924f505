import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureCollector } from './collector.js';
import type { Figure } from './cpu.js';
import { measureEndToEnd } from './end-to-end.js';
import { measureKafka } from './kafka.js';
import { inNewStore, removeStores } from './new-store.js';
import { requests, SPANS_PER_REQUEST } from './payload.js';
import { measureRules } from './rules.js';
import { measureSizing } from './sizing.js';
import { measureStorage, measureTranscoding } from './storing.js';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const scale = values.quick ? 1 : 4;

/** Units of which a whole one is much. */
const FRACTIONS: ReadonlySet<Figure['unit']> = new Set(['CPU-s per million spans', 'GB a day', 'cores']);

const PARTS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  collector: () => measureCollector(100 * scale),
  transcoding: () => measureTranscoding(100 * scale),
  storage: () => measureStorage(100_000 * scale),
  'end-to-end': () => measureEndToEnd(120 * scale),
  kafka: () => measureKafka(500 * scale),
  sizing: () => measureSizing(50 * scale),
  rules: () => measureRules(values.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]),
};

const chosen = Object.entries(PARTS).filter(([name]) => values.only === undefined || name === values.only);
if (chosen.length === 0)
  throw new Error(`--only ${values.only ?? ''}: one of ${Object.keys(PARTS).join(', ')}`);

try {
  await printMachine();
  for (const [, measure] of chosen) for (const figure of await measure()) print(figure);
} finally {
  await removeStores();
}

async function printMachine(): Promise<void> {
  const [first] = requests(1);
  const bytes = ((first?.length ?? 0) / SPANS_PER_REQUEST).toFixed(1);
  const engine = await inNewStore((store) => store.query<{ v: string }>('SELECT version() AS v'));
  console.log(
    `${cpus().length} cores, Node ${process.versions.node}, ClickHouse ${engine[0]?.v ?? '?'} in process;` +
      ` spans of ${bytes} bytes with 12 attributes, ${SPANS_PER_REQUEST} a request\n`,
  );
  console.log(row('part', 'median', 'min to max', 'unit', 'aim; notes'));
}

function print({ name, value, unit, range, aim, note }: Figure): void {
  const digits = FRACTIONS.has(unit) ? 2 : 0;
  const spread = range?.map((bound) => bound.toFixed(digits)).join(' to ') ?? '';
  const told = [aim === undefined ? '' : `aim: ${aim}`, note ?? ''].filter((part) => part !== '').join('; ');
  console.log(row(name, value.toFixed(digits), spread, unit, told));
}

function row(name: string, value: string, spread: string, unit: string, told: string): string {
  return `${name.padEnd(35)} ${value.padStart(8)}  ${spread.padEnd(14)}  ${unit.padEnd(23)}  ${told}`.trimEnd();
}
