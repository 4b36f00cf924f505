import type { AttributeName } from '@halfopen/telemetry';
import type { Guard } from '../guard.js';
import type { Attributes } from '../recorder/spans.js';

/** A change of these is reported at once. */
const CLAIMS = [
  'channel.connected',
  'channel.reader.alive',
  'channel.writer.alive',
  'channel.handler.alive',
  'channel.heartbeat.active',
] as const satisfies readonly AttributeName[];

/** How soon a change that no event tells of is seen, ms. */
const LOOK_MS = 1_000;

export interface StateSource {
  /** All of `channel.state`, now. */
  readonly read: () => Attributes;
  readonly tell: (state: Attributes) => void;
  /** Called at each look as well: what else has to be looked at. */
  readonly look: () => void;
}

/** Reports the state at intervals, and when what it claims has changed. */
export class StateReporter {
  #timer: NodeJS.Timeout | undefined;
  #claimed = '';
  #reported_ms = -Infinity;

  constructor(
    private readonly source: StateSource,
    private readonly intervalMs: number,
    private readonly guard: Guard,
  ) {}

  start(): void {
    this.report();
    const look_ms = Math.min(LOOK_MS, this.intervalMs);
    this.#timer = setInterval(() => {
      this.guard.run(() => {
        this.source.look();
        this.#look();
      });
    }, look_ms);
    this.#timer.unref();
  }

  report(): void {
    this.guard.run(() => {
      this.#tell(this.source.read());
    });
  }

  /** Reports for the last time. */
  stop(): void {
    this.halt();
    this.report();
  }

  /** Reports no more. */
  halt(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const state = this.source.read();
    // Half a look of tolerance, or a late timer would skip every other turn.
    const due = performance.now() - this.#reported_ms >= this.intervalMs - LOOK_MS / 2;
    if (due || claimsOf(state) !== this.#claimed) this.#tell(state);
  }

  #tell(state: Attributes): void {
    this.#claimed = claimsOf(state);
    this.#reported_ms = performance.now();
    this.source.tell(state);
  }
}

function claimsOf(state: Attributes): string {
  return CLAIMS.map((name) => String(state[name])).join();
}
