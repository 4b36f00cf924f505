import { setTimeout as sleep } from 'node:timers/promises';
import { simulate, type Scenario } from '@halfopen/lab';
import { traceRequestFromJson } from '@halfopen/otlp';
import type { Sender } from './sender.js';

/** How much of the scenario has happened when its telling begins. */
export interface Told {
  readonly scenario: Partial<Scenario>;
  readonly past_ms: number;
}

/** agent-3's handler died two minutes ago, agent-4's dies at `later_ms` of four minutes and more, and nobody mends them. */
export function withDeadHandlers(later_ms?: number): Told {
  const dies = (atMs: number, channel: string) =>
    ({ name: 'handler-dead', atMs, channels: [channel] }) as const;
  return {
    past_ms: 240_000,
    scenario: {
      seed: 5,
      channels: 6,
      durationMs: 3_600_000,
      faults: [dies(120_000, 'agent-3'), ...(later_ms === undefined ? [] : [dies(later_ms, 'agent-4')])],
    },
  };
}

/** Tells what a simulated fleet has gone through until now, then the rest as it happens. */
export class LiveFleet {
  #stopped = false;
  /** Messages that were sent, each until it was acknowledged. */
  messages = 0;
  readonly #telling: Promise<void>;
  readonly #past: Promise<void>;

  constructor(sender: Sender, { scenario, past_ms }: Told) {
    const begin_ms = Date.now();
    const simulation = simulate({ ...scenario, startMs: begin_ms - past_ms });
    let pastTold: () => void = () => undefined;
    this.#past = new Promise((resolve) => (pastTold = resolve));
    this.#telling = this.#tell(sender, simulation.exports(), begin_ms, pastTold);
  }

  /** Resolves when all that had happened before is acknowledged. */
  async pastTold(): Promise<void> {
    await Promise.race([this.#past, this.#telling]); // a failure to tell is the caller's too
  }

  /** Resolves when all that was sent is acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#telling;
  }

  async #tell(
    sender: Sender,
    exports: Iterable<{ readonly atMs: number; readonly request: object }>,
    begin_ms: number,
    pastTold: () => void,
  ): Promise<void> {
    const sent: Promise<void>[] = [];
    let live = false;
    for (const { atMs, request } of exports) {
      if (!live && atMs > begin_ms) {
        live = true;
        await Promise.all(sent.splice(0));
        pastTold();
      }
      while (atMs > Date.now() && !this.#stopped) await sleep(Math.min(100, Math.max(1, atMs - Date.now())));
      if (live && this.#stopped) break;
      this.messages++;
      sent.push(sender.untilAcknowledged(traceRequestFromJson(JSON.stringify(request)).bytes));
    }
    await Promise.all(sent);
  }
}
