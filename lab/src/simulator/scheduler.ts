type Task = () => void;

interface Event {
  readonly atUs: number;
  /** Events of one instant happen in the order in which they were scheduled. */
  readonly order: number;
  readonly task: Task;
}

/** The discrete-event loop: simulated time in microseconds since the scenario's start, and what happens when. */
export class Scheduler {
  #nowUs = 0;
  #scheduled = 0;
  /** A binary heap, earliest event first. */
  readonly #heap: Event[] = [];

  get nowUs(): number {
    return this.#nowUs;
  }

  at(atUs: number, task: Task): void {
    this.#scheduled += 1;
    this.#heap.push({ atUs: Math.max(atUs, this.#nowUs), order: this.#scheduled, task });
    this.#siftUp(this.#heap.length - 1);
  }

  after(delayUs: number, task: Task): void {
    this.at(this.#nowUs + delayUs, task);
  }

  /** Lets the next event happen; false when none is left before `endUs`. */
  step(endUs: number): boolean {
    const next = this.#heap[0];
    if (next === undefined || next.atUs >= endUs) {
      this.#nowUs = endUs;
      return false;
    }
    this.#removeFirst();
    this.#nowUs = next.atUs;
    next.task();
    return true;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown();
  }

  #siftUp(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#precedes(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #siftDown(): void {
    let index = 0;
    for (;;) {
      let first = index;
      if (this.#precedes(2 * index + 1, first)) first = 2 * index + 1;
      if (this.#precedes(2 * index + 2, first)) first = 2 * index + 2;
      if (first === index) return;
      this.#swap(index, first);
      index = first;
    }
  }

  #precedes(left: number, right: number): boolean {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (a === undefined || b === undefined) return false;
    return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
  }

  #swap(left: number, right: number): void {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (a === undefined || b === undefined) return;
    this.#heap[left] = b;
    this.#heap[right] = a;
  }
}
