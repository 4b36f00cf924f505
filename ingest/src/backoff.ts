const FIRST_MS = 100;
/** Longest pause when the same call may well succeed later: a database that comes back should not wait for us. */
const RETRYABLE_MS_MAX = 5_000;
/** Longest pause when somebody has to repair something first. */
const OTHER_MS_MAX = 30_000;

/**
 * How long to wait before the next attempt, ms: doubled after each failure up to a bound, and between half and the
 * whole of that, so that several processes do not come back at the same instant.
 *
 * @param failures how many attempts have failed in a row, from 1
 * @param random from 0 to 1
 */
export function backoffMs(failures: number, retryable: boolean, random: number): number {
  const longest = Math.min(FIRST_MS * 2 ** (failures - 1), retryable ? RETRYABLE_MS_MAX : OTHER_MS_MAX);
  return longest * (0.5 + random / 2);
}
