import type { Incident, IncidentStatus } from '@halfopen/telemetry';
import type { Store } from '@halfopen/store';
import { evaluate } from './evaluate.js';
import { SHIPPED, type RuleBook } from './rulefile/book.js';
import { appendTransitions, judgedUntil, readIncidents, resumeIncidents } from './incidents/journal.js';
import type { OpenIncidents, Step, Transition } from './incidents/lifecycle.js';
import { DeposedError, type Term } from './incidents/term.js';

export interface RulesLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RulesOptions {
  readonly store: Store;
  /**
   * The instant to evaluate: how far ingestion has come, ms since the epoch (design: now less lag less exporters' delay).
   * Undefined while that is not known: nothing is evaluated.
   */
  readonly now: () => number | undefined;
  /** Between the ends of evaluations, ms. */
  readonly intervalMs: number;
  readonly log: RulesLog;
  /**
   * What is evaluated; asked for before each evaluation, so that files may change.
   * @default what is shipped
   */
  readonly book?: () => RuleBook;
  readonly onTransition?: (transition: Transition) => void;
  /** Where several processes may judge: what is written counts only while this term is the last one. */
  readonly term?: Term;
  /** Another process has begun a term: this one evaluates no more. */
  readonly onDeposed?: () => void;
}

export interface RulesStatus {
  readonly lastInstantMs?: number;
  readonly lastDurationMs?: number;
  readonly evaluations: number;
  readonly failures: number;
  readonly lastError?: string;
}

export interface RunningRules {
  incidents(status: IncidentStatus | 'all'): Promise<Incident[]>;
  status(): RulesStatus;
  /** Resolves when the evaluation under way has ended; none begins after it. */
  stop(): Promise<void>;
}

/** Resumes the open incidents and evaluates until stopped. A failed evaluation is logged and tried again at the next turn. */
export async function startRules(options: RulesOptions): Promise<RunningRules> {
  const loop = new RulesLoop(options);
  const instant_ms = options.now();
  if (instant_ms !== undefined) await loop.resume(instant_ms);
  loop.begin();
  return loop;
}

class RulesLoop implements RunningRules {
  /** Undefined before the first instant is known. */
  #open: OpenIncidents | undefined;
  /** Found by the last evaluation, and not yet written. */
  #found: Step | undefined;
  #evaluated_ms = -Infinity;
  #status: RulesStatus = { evaluations: 0, failures: 0 };
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly options: RulesOptions) {}

  async resume(instant_ms: number): Promise<OpenIncidents> {
    const { store } = this.options;
    const open = await resumeIncidents(store, instant_ms);
    this.#evaluated_ms = await judgedUntil(store, instant_ms);
    this.#open = open;
    return open;
  }

  begin(): void {
    this.#running = this.#turn();
  }

  async incidents(status: IncidentStatus | 'all'): Promise<Incident[]> {
    const written = await readIncidents(this.options.store, status);
    // Open ones are told as the last evaluation saw them: their numbers move without a transition.
    const fresh = new Map((this.#open ?? []).map(({ incident }) => [incident.id, incident]));
    return written.map((incident) =>
      incident.status === 'firing' ? (fresh.get(incident.id) ?? incident) : incident,
    );
  }

  status(): RulesStatus {
    return this.#status;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #turn(): Promise<void> {
    const instant_ms = this.options.now();
    if (instant_ms !== undefined) await this.#evaluateOnRecord(instant_ms);
    if (!this.#stopped)
      this.#timer = setTimeout(() => {
        this.begin();
      }, this.options.intervalMs);
  }

  async #evaluateOnRecord(instant_ms: number): Promise<void> {
    const began_ms = performance.now();
    try {
      await this.#evaluate(instant_ms);
      this.#status = {
        evaluations: this.#status.evaluations + 1,
        failures: this.#status.failures,
        lastInstantMs: this.#evaluated_ms,
        lastDurationMs: performance.now() - began_ms,
      };
    } catch (error) {
      if (error instanceof DeposedError) this.#depose();
      const lastError = error instanceof Error ? error.message : String(error);
      this.#status = { ...this.#status, failures: this.#status.failures + 1, lastError };
      this.options.log.error(
        { err: error, instant: new Date(instant_ms).toISOString() },
        this.#stopped
          ? 'an evaluation of the rules was in vain'
          : 'an evaluation of the rules failed; the next one tries again',
      );
    }
  }

  #depose(): void {
    this.#stopped = true;
    this.options.onDeposed?.();
  }

  async #evaluate(instant_ms: number): Promise<void> {
    const { store } = this.options;
    const open = this.#open ?? (await this.resume(instant_ms));
    await this.#settle();
    if (instant_ms < this.#evaluated_ms) return; // ingestion fell behind: wait, never judge backwards
    this.#found = await evaluate(store, instant_ms, this.#open ?? open, this.options.book?.() ?? SHIPPED);
    this.#evaluated_ms = instant_ms;
    await this.#settle();
  }

  /**
   * Transitions are written before they count. Should writing fail half-way, the very same ones are written again before
   * anything else is found: those of a later instant would have other ids, and leave what had been written open for ever.
   */
  async #settle(): Promise<void> {
    const found = this.#found;
    if (found === undefined) return;
    const { store, term } = this.options;
    await appendTransitions(store, found.transitions, [...(this.#open ?? []), ...found.open], term);
    this.#open = found.open;
    this.#found = undefined;
    for (const transition of found.transitions) {
      const { incident, status, reason } = transition;
      this.options.log.info({ incident: incident.id, rule: incident.rule, status, reason }, incident.summary);
      this.options.onTransition?.(transition);
    }
  }
}
