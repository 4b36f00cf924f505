import { setTimeout as sleep } from 'node:timers/promises';

/** More than anything that is waited for takes on a busy machine. */
const PATIENCE_MS = 90_000;
const AGAIN_MS = 50;

/** Asks again and again. @param why what was seen last, for the error when it does not come true in time */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  why: () => string = () => '',
): Promise<void> {
  const deadline_ms = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline_ms) throw new Error(`not in time: ${what} ${why()}`);
    await sleep(AGAIN_MS);
  }
}
