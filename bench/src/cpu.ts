/** One row of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'CPU-s per million spans' | 'spans/s' | 'CPU-ms' | 'ms' | 'MB' | 'GB' | 'GB a day' | 'cores';
  /** Lowest and highest of the rounds whose median `value` is. */
  readonly range?: readonly [min: number, max: number];
  readonly aim?: string;
  readonly note?: string;
}

/** CPU-seconds (user and system) per million spans: the median of rounds. */
export function costFigure(
  name: string,
  rounds: readonly number[],
  told: Pick<Figure, 'aim' | 'note'> = {},
): Figure {
  return { name, unit: 'CPU-s per million spans', ...summary(rounds), ...told };
}

/** Median and range; no range of a single round. */
export function summary(rounds: readonly number[]): Pick<Figure, 'value' | 'range'> {
  const value = [...rounds].sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? NaN;
  return rounds.length < 2 ? { value } : { value, range: [Math.min(...rounds), Math.max(...rounds)] };
}

/** CPU-seconds of this process, all its threads, that `work` takes. */
export async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
