import type { Process } from './process.js';

/** A stage that is open this long is reported as pending, and again whenever its age has doubled. */
export const PENDING_AFTER_US = 5_000_000;

/** Reports a stage that began now for as long as `isOpen`: at 5, 10, 20, 40, 80 s and so on. */
export function watchPending(process: Process, isOpen: () => boolean, report: () => void): void {
  const wait = (delayUs: number, ageUs: number): void => {
    process.after(delayUs, () => {
      if (!isOpen()) return;
      report();
      wait(ageUs, 2 * ageUs);
    });
  };
  wait(PENDING_AFTER_US, PENDING_AFTER_US);
}
