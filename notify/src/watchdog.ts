import { SYSTEM_CLOCK, type Clock } from './clock.js';
import { Bell } from './delivery/bell.js';
import type { NotifyLog } from './log.js';
import { scrub, type Secret } from './secret.js';

export interface WatchdogOptions {
  /** Pinged with GET, as dead-man's switches take it. A secret: whoever knows it can feign that all is well. */
  readonly url: Secret;
  readonly period_ms: number;
  /**
   * The instant of the last evaluation that succeeded, ms; undefined before the first. It moves only while evaluations
   * succeed and ingestion does.
   */
  readonly lastInstant: () => number | undefined;
  readonly log: NotifyLog;
  readonly clock?: Clock;
}

export interface WatchdogStatus {
  readonly sent: number;
  /** Pings that nobody took. */
  readonly failed: number;
  /** Periods without progress, in which no ping was due. */
  readonly withheld: number;
}

export interface RunningWatchdog {
  status(): WatchdogStatus;
  stop(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

/** Tells somebody outside, once a period, that evaluation goes on; he raises the alarm when told nothing. */
export function startWatchdog(options: WatchdogOptions): RunningWatchdog {
  const watchdog = new Watchdog(options);
  watchdog.start();
  return watchdog;
}

class Watchdog implements RunningWatchdog {
  readonly #bell = new Bell();
  readonly #calls = new AbortController();
  readonly #clock: Clock;
  readonly #counts = { sent: 0, failed: 0, withheld: 0 };
  #pinged_ms: number | undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(private readonly options: WatchdogOptions) {
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  start(): void {
    this.#running = this.#run();
  }

  status(): WatchdogStatus {
    return { ...this.#counts };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#bell.ring();
    this.#calls.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    await this.#bell.rest(this.#clock, this.options.period_ms);
    while (!this.#stopped) {
      await this.#turn();
      await this.#bell.rest(this.#clock, this.options.period_ms);
    }
  }

  async #turn(): Promise<void> {
    const instant_ms = this.options.lastInstant();
    if (instant_ms === undefined || (this.#pinged_ms !== undefined && instant_ms <= this.#pinged_ms)) {
      this.#counts.withheld++;
      const last = instant_ms === undefined ? 'never' : new Date(instant_ms).toISOString();
      this.options.log.warn({ last }, 'no ping: evaluation has not come further since the last one');
      return;
    }
    const problem = await this.#ping();
    if (problem === undefined) {
      this.#counts.sent++;
      this.#pinged_ms = instant_ms;
    } else if (!this.#stopped) {
      this.#counts.failed++;
      this.options.log.warn({ problem }, 'the ping was not taken; tried again after a period');
    }
  }

  /** @returns what went wrong */
  async #ping(): Promise<string | undefined> {
    const { url } = this.options;
    try {
      const response = await fetch(url.reveal(), {
        redirect: 'manual',
        headers: { 'user-agent': 'halfopen' },
        signal: AbortSignal.any([this.#calls.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      return response.ok ? undefined : `answered ${response.status}`;
    } catch (error) {
      const { cause, message } = error as Error;
      return scrub(cause instanceof Error ? cause.message : message, [url]);
    }
  }
}
