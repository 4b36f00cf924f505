/** How far each partition reached at one moment: offsets behind its last message. */
export type Ends = ReadonlyMap<number, bigint>;

interface Mark {
  readonly at_ms: number;
  readonly end: bigint;
}

/** Marks kept of a partition: past that every second one goes, so a long way behind costs precision, not memory. */
const MARKS_MAX = 256;

/** What a partition is still to come to, oldest first, at least `spacing_ms` apart but for the newest. */
interface Ahead {
  readonly marks: Mark[];
  readonly spacing_ms: number;
}

/**
 * The moment up to which everything that had been published has also been committed, over all partitions. Told from
 * offsets alone: what lay before the end that a partition had at some moment is older than that moment, so once the
 * group has committed that end, all of it is stored. No message is read for it.
 */
export class Watermark {
  readonly #ahead = new Map<number, Ahead>();
  readonly #reached_ms = new Map<number, number>();

  /**
   * @param at_ms a moment no later than `ends` were read, on whatever clock the answer shall be
   * @param committed read behind `ends`; a partition that is absent has nothing committed
   */
  note(at_ms: number, ends: Ends, committed: Ends): void {
    for (const partition of this.#ahead.keys()) {
      if (ends.has(partition)) continue;
      this.#ahead.delete(partition);
      this.#reached_ms.delete(partition);
    }
    for (const [partition, end] of ends) {
      const { marks, spacing_ms } = withMark(this.#ahead.get(partition), { at_ms, end });
      const stored = committed.get(partition) ?? 0n;
      const left = marks.filter((mark) => mark.end > stored);
      const reached = marks[marks.length - left.length - 1];
      if (reached !== undefined) this.#reached_ms.set(partition, reached.at_ms);
      this.#ahead.set(partition, { marks: left, spacing_ms: left.length === 0 ? 0 : spacing_ms });
    }
  }

  /** Undefined while some partition has not come as far as it was when first looked at, or none is known. */
  storedUntil_ms(): number | undefined {
    if (this.#ahead.size === 0) return undefined;
    let least = Infinity;
    for (const partition of this.#ahead.keys()) {
      const reached = this.#reached_ms.get(partition);
      if (reached === undefined) return undefined;
      least = Math.min(least, reached);
    }
    return least;
  }
}

function withMark({ marks, spacing_ms }: Ahead = { marks: [], spacing_ms: 0 }, mark: Mark): Ahead {
  const [before, last] = marks.slice(-2);
  // An end that has not moved was reached when it is: of two equal ones the later says more.
  const replaces =
    marks.at(-1)?.end === mark.end || (last !== undefined && last.at_ms - (before?.at_ms ?? 0) < spacing_ms);
  const all = [...(replaces ? marks.slice(0, -1) : marks), mark];
  if (all.length <= MARKS_MAX) return { marks: all, spacing_ms };
  const wider_ms = (2 * (mark.at_ms - (all[0]?.at_ms ?? 0))) / MARKS_MAX;
  return { marks: all.filter((_, at) => at % 2 === 0 || at === all.length - 1), spacing_ms: wider_ms };
}
