import { diag } from '@opentelemetry/api';

/** Failures that are logged, of each guard; more say nothing new. */
const LOGGED_MAX = 5;

/**
 * Keeps what goes wrong in telemetry from the host: nothing that runs under a guard throws. The first failures go to
 * OpenTelemetry's diagnostic logger, all of them are counted.
 */
export class Guard {
  #failures = 0;

  get failures(): number {
    return this.#failures;
  }

  /** @returns undefined where `work` throws */
  run<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#failures += 1;
      if (this.#failures <= LOGGED_MAX) report(error);
      return undefined;
    }
  }
}

function report(error: unknown): void {
  try {
    diag.error('@halfopen/agent-shim', error);
  } catch {
    // A logger that throws is the last that could be told of it.
  }
}
