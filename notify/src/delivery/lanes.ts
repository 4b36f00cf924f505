import type { Owed } from '../outbox/owed.js';

interface Lane {
  /** In the order in which they must be told; never empty. */
  readonly owed: Owed[];
  /** Its first one is not tried again before, ms of the clock's elapsed time. */
  notBefore_ms: number;
}

/** What a receiver is owed, in a queue per dedup key: only the first of each may be told. */
export class Lanes {
  #lanes = new Map<string, Lane>();

  get size(): number {
    return [...this.#lanes.values()].reduce((sum, { owed }) => sum + owed.length, 0);
  }

  /** When the oldest one was recorded, seconds since the epoch. */
  oldest_s(): number | undefined {
    const firsts = [...this.#lanes.values()].flatMap(({ owed: [first] }) => first?.recorded_s ?? []);
    return firsts.length === 0 ? undefined : Math.min(...firsts);
  }

  /** What the store says is owed now. Who waits after a failure goes on waiting. */
  replace(owed: readonly Owed[]): void {
    const lanes = new Map<string, Lane>();
    for (const one of owed) {
      const lane = lanes.get(one.dedupKey);
      if (lane === undefined) lanes.set(one.dedupKey, { owed: [one], notBefore_ms: this.#waitOf(one) });
      else lane.owed.push(one);
    }
    this.#lanes = lanes;
  }

  #waitOf(one: Owed): number {
    const before = this.#lanes.get(one.dedupKey);
    const [first] = before?.owed ?? [];
    return before !== undefined && first?.incidentId === one.incidentId && first.sequence === one.sequence
      ? before.notBefore_ms
      : 0;
  }

  /** Of those that may be told now the one that may be for longest: whoever has just failed goes behind the others. */
  due(now: number): Owed | undefined {
    let first: Lane | undefined;
    for (const lane of this.#lanes.values())
      if (lane.notBefore_ms <= now && (first === undefined || lane.notBefore_ms < first.notBefore_ms))
        first = lane;
    return first?.owed[0];
  }

  /** When the next may be told. */
  nextDue_ms(): number | undefined {
    const times = [...this.#lanes.values()].map(({ notBefore_ms }) => notBefore_ms);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** It has been told, or never will be. */
  done(owed: Owed): void {
    const lane = this.#lanes.get(owed.dedupKey);
    if (lane === undefined) return;
    lane.owed.shift();
    lane.notBefore_ms = 0;
    if (lane.owed.length === 0) this.#lanes.delete(owed.dedupKey);
  }

  failed(owed: Owed, attempts: number, notBefore_ms: number): void {
    const lane = this.#lanes.get(owed.dedupKey);
    if (lane === undefined) return;
    lane.owed[0] = { ...owed, attempts };
    lane.notBefore_ms = notBefore_ms;
  }
}
