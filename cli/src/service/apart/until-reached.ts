import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.js';

const AGAIN_MS = 2_000;

/**
 * Tries until it works: processes start before the servers they need, and outlast their absence.
 *
 * @param what for people: `Kafka`
 * @param obstacle is told why it has not worked yet
 * @returns undefined when told to stop before
 */
export async function untilReached<T>(
  what: string,
  open: () => Promise<T>,
  { log, signal, obstacle }: { log: Log; signal: AbortSignal; obstacle: (message: string) => void },
): Promise<T | undefined> {
  let last: string | undefined;
  const stopped = () => signal.aborted;
  while (!stopped()) {
    try {
      return await open();
    } catch (error) {
      if (stopped()) return undefined;
      const message = `${what} is not reached: ${error instanceof Error ? error.message : String(error)}`;
      if (message !== last) log.warn({ err: error }, `${what} is not reached; tried again`);
      last = message;
      obstacle(message);
      await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}
