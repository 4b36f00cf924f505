import { Failure } from '../failure.js';

/** Past this, stopping is not graceful any more. */
const STOP_MS_MAX = 10_000;

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve();
      });
    }
  });
}

/** @throws Failure when it takes longer than a stop may */
export async function withinBound(
  closing: Promise<void>,
  otherwise = 'what was acknowledged is stored all the same',
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Failure(`not stopped within ${STOP_MS_MAX / 1000} s; ${otherwise}`));
    }, STOP_MS_MAX);
  });
  try {
    await Promise.race([closing, late]);
  } finally {
    clearTimeout(timer);
  }
}
