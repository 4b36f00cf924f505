import type { Incident } from '@halfopen/telemetry';
import type { Store } from '@halfopen/store';
import { evaluate } from './evaluate.js';
import type { OpenIncidents } from './incidents/lifecycle.js';
import { SHIPPED, type RuleBook } from './rulefile/book.js';

export interface BacktestOptions {
  /** First and last instant, ms since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Between two instants, ms. */
  readonly stepMs: number;
}

/**
 * The incidents that the rules would have raised over stored telemetry, taken as complete, evaluated at `from`, `from +
 * step`, ... up to `to`; each in its state at `to`, in the order in which they fired.
 */
export async function backtest(
  store: Store,
  { fromMs, toMs, stepMs }: BacktestOptions,
  book: RuleBook = SHIPPED,
): Promise<Incident[]> {
  const fired = new Map<string, Incident>();
  let open: OpenIncidents = [];
  for (let instant_ms = fromMs; instant_ms <= toMs; instant_ms += stepMs) {
    const step = await evaluate(store, instant_ms, open, book);
    open = step.open;
    for (const { status, incident } of step.transitions) {
      if (status === 'firing' || status === 'resolved') fired.set(incident.id, incident);
    }
  }
  // What changed without a transition (numbers in facts) is told as it was at the end.
  for (const { status, incident } of open) if (status === 'firing') fired.set(incident.id, incident);
  return [...fired.values()];
}
