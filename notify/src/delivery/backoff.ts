const BASE_MS = 1_000;
const MAX_MS = 120_000;

/**
 * How long to wait after so many failures in a row: doubling from a second to two minutes, half of it by chance, so that
 * those who failed together don't come back together.
 *
 * @param failures from 1
 * @param random from 0 up to 1
 */
export function backoff_ms(failures: number, random: number): number {
  const ceiling_ms = Math.min(MAX_MS, BASE_MS * 2 ** Math.min(failures - 1, 30));
  return ceiling_ms / 2 + (ceiling_ms / 2) * random;
}
