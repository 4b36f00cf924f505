import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureCollector } from './collector.js';
import type { Figure } from './cpu.js';
import { measureEndToEnd } from './end-to-end.js';
import { requests, SPANS_PER_REQUEST } from './payload.js';
import { measureStorage, measureTranscoding } from './storing.js';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const scale = values.quick ? 1 : 4;

const PARTS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  collector: () => measureCollector(100 * scale),
  transcoding: () => measureTranscoding(100 * scale),
  storage: () => measureStorage(2 * scale),
  'end-to-end': () => measureEndToEnd(200 * scale),
};

const chosen = Object.entries(PARTS).filter(([name]) => values.only === undefined || name === values.only);
if (chosen.length === 0)
  throw new Error(`--only ${values.only ?? ''}: one of ${Object.keys(PARTS).join(', ')}`);

const [first] = requests(1);
const bytes = Math.round((first?.length ?? 0) / SPANS_PER_REQUEST);
console.log(
  `${cpus().length} cores, Node ${process.versions.node}; spans of ${bytes} bytes with 12 attributes, ${SPANS_PER_REQUEST} a request\n`,
);
for (const [, measure] of chosen) for (const figure of await measure()) print(figure);

function print({ name, cost, unit, aim, note }: Figure): void {
  const digits = unit === 'CPU-s per million spans' ? 2 : 0;
  const told = [aim === undefined ? '' : `aim: ${aim}`, note ?? ''].filter((part) => part !== '').join('; ');
  console.log(`${name.padEnd(34)} ${cost.toFixed(digits).padStart(9)} ${unit.padEnd(24)} ${told}`);
}
