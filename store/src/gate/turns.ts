import { abortReason, PeopleSqlError } from './error.js';
import type { PeopleSqlLimits } from './limits.js';

type Bounds = Pick<PeopleSqlLimits, 'concurrentMax' | 'waitingMax' | 'waitMsMax'>;

/** Lets a bounded number in at once, and a bounded number wait, first come first served. */
export class Turns {
  #running = 0;
  /** Let them in, who has waited longest first. */
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly bounds: Bounds) {}

  /**
   * Resolves when the caller may go on; it must call `end` when it is done.
   *
   * @throws PeopleSqlError `busy` if too many wait, or this one has waited too long
   * @throws the signal's reason once it is aborted
   */
  async begin(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { concurrentMax, waitingMax } = this.bounds;
    if (this.#running < concurrentMax) this.#running++;
    else if (this.#waiting.length < waitingMax) await this.#wait(signal);
    else throw busy(`${concurrentMax} queries run and ${waitingMax} wait`);
  }

  end(): void {
    const letIn = this.#waiting.shift();
    if (letIn === undefined) this.#running--;
    else letIn();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const giveUp = new AbortController();
    const onAbort = () => {
      giveUp.abort(signal.reason);
    };
    const patience = setTimeout(() => {
      giveUp.abort(busy(`this one has waited ${this.bounds.waitMsMax} ms`));
    }, this.bounds.waitMsMax);
    signal.addEventListener('abort', onAbort);
    try {
      await this.#queue(giveUp.signal);
    } finally {
      clearTimeout(patience);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #queue(giveUp: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      giveUp.addEventListener('abort', () => {
        const place = this.#waiting.indexOf(resolve);
        if (place !== -1) this.#waiting.splice(place, 1);
        reject(abortReason(giveUp));
      });
    });
  }
}

function busy(why: string): PeopleSqlError {
  return new PeopleSqlError('busy', `too many queries written by people at once (${why}): try again`);
}
