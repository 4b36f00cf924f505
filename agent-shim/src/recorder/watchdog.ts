/** A stage that has begun and not ended. */
export interface OpenStage {
  /** Unix time, ms. */
  readonly begun_ms: number;
  /** Says that it is still open. */
  readonly report: (at_ms: number) => void;
}

/** So many stages of one connection are watched; others begin and end unwatched. */
const WATCHED_MAX = 10_000;

/**
 * Reports stages that stay open: a span is exported only when it ends, so hung work would leave nothing. First at
 * `after_ms` of age, then at twice that, four times that, and so on.
 */
export class Watchdog {
  /** With the age at which each is due next, ms. In the order of their beginnings. */
  readonly #open = new Map<OpenStage, number>();

  constructor(private readonly after_ms: number) {}

  watch(stage: OpenStage): void {
    if (this.#open.size < WATCHED_MAX) this.#open.set(stage, this.after_ms);
  }

  ended(stage: OpenStage): void {
    this.#open.delete(stage);
  }

  look(now_ms: number): void {
    for (const [stage, due_ms] of this.#open) {
      const age_ms = now_ms - stage.begun_ms;
      if (age_ms < this.after_ms) return; // and all that follow are younger
      if (age_ms < due_ms) continue;
      let next_ms = due_ms;
      while (next_ms <= age_ms) next_ms *= 2;
      this.#open.set(stage, next_ms);
      stage.report(now_ms);
    }
  }
}
