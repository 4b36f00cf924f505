/** One row of the table. */
export interface Figure {
  readonly name: string;
  /** CPU-seconds (user and system, all threads) per million spans; of an evaluation, CPU-ms. */
  readonly cost: number;
  readonly unit: 'CPU-s per million spans' | 'CPU-ms' | 'spans/s' | 'MB';
  readonly aim?: string;
  readonly note?: string;
}

/** CPU-seconds of this process, all its threads, that `work` takes. */
export async function cpuSeconds(work: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
