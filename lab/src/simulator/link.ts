import type { Frame } from './frame.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';
import type { PathConditions } from './conditions.js';

/** One way through the network, relay to relay or end to end: within these bounds, and in order. */
const LATENCY_MIN_US = 12_000;
const LATENCY_MAX_US = 29_000;

/** A tap half-way, which sees what passes it. */
export interface Tap {
  pass(frame: Frame): void;
}

/** One direction of one connection, from the completed write to the peer's socket. */
export class Link {
  #lastArrivalUs = 0;
  #lastCarriedUs: number;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    private readonly path: PathConditions,
    private readonly tap: Tap | undefined,
    private readonly deliver: (frame: Frame) => void,
  ) {
    this.#lastCarriedUs = scheduler.nowUs;
  }

  /** When a middlebox on the way saw a frame last (or the open). */
  get lastCarriedUs(): number {
    return this.#lastCarriedUs;
  }

  carry(frame: Frame): void {
    const arrivalUs = Math.max(
      this.scheduler.nowUs + this.random.integer(LATENCY_MIN_US, LATENCY_MAX_US) + this.path.delayUs,
      this.#lastArrivalUs + 1,
    );
    this.#lastArrivalUs = arrivalUs;
    if (this.path.partitioned || this.path.losesBeforeRelay(frame)) return;
    this.#lastCarriedUs = this.scheduler.nowUs;
    this.scheduler.after(Math.floor((arrivalUs - this.scheduler.nowUs) / 2), () => {
      this.tap?.pass(frame);
      if (this.path.losesBehindRelay(frame)) return;
      this.scheduler.at(arrivalUs, () => {
        this.deliver(frame);
      });
    });
  }
}
