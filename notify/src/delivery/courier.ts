import type { Incident } from '@halfopen/telemetry';
import type { Store } from '@halfopen/store';
import type { Clock } from '../clock.js';
import type { NotifyLog } from '../log.js';
import { readNotification, readOwed, recordAttempt, type AttemptEvent, type Owed } from '../outbox/owed.js';
import type { Notification, Outcome, Receiver } from '../receivers/receiver.js';
import { backoff_ms } from './backoff.js';
import { Bell } from './bell.js';
import { Lanes } from './lanes.js';
import type { RateLimiter } from './rate-limit.js';

/** What is held in memory at a time; the rest waits in the store, which is the queue. */
const OWED_MAX = 1000;

/** With nothing to do it sleeps until rung; a bound, since a timer wants one. */
const IDLE_MS = 3_600_000;

/** A call under way when stopping gets that long to end. */
const STOP_GRACE_MS = 3_000;

export interface CourierOptions {
  readonly store: Store;
  readonly receiver: Receiver;
  /** Nothing that fired before, seconds since the epoch. */
  readonly since_s: number;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: NotifyLog;
  /** See NotifierOptions. */
  readonly addLinks?: (incident: Incident) => Promise<Incident>;
  /** See NotifierOptions. */
  readonly assertInOffice?: () => Promise<void>;
}

export interface CourierStatus {
  readonly delivered: number;
  readonly refused: number;
  /** Attempts that failed and were, or will be, repeated. */
  readonly failed: number;
  /** Transitions still to be told, as far as they are in memory. */
  readonly owed: number;
  /** When the oldest of them was recorded, ms since the epoch. */
  readonly oldestOwed_ms?: number;
}

/**
 * Tells one receiver of every transition that it is owed: one call at a time, in order for each dedup key, until
 * delivered or refused. The intention is on record before a call and its outcome after; a call whose outcome is not on
 * record is made again.
 */
export class Courier {
  readonly #bell = new Bell();
  readonly #stopping = new AbortController();
  readonly #calls = new AbortController();
  readonly #lanes = new Lanes();
  readonly #counts = { delivered: 0, refused: 0, failed: 0 };
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  /** Of calls to this receiver, in a row. */
  #failures = 0;
  #notBefore_ms = 0;
  /** The store may owe more than is in memory. */
  #stale = true;
  #storeFailures = 0;

  constructor(private readonly options: CourierOptions) {}

  start(): void {
    this.#running = this.#run();
  }

  /** There may be something new. */
  ring(): void {
    this.#stale = true;
    this.#bell.ring();
  }

  status(): CourierStatus {
    const oldest_s = this.#lanes.oldest_s();
    return {
      ...this.#counts,
      owed: this.#lanes.size,
      ...(oldest_s === undefined ? {} : { oldestOwed_ms: oldest_s * 1000 }),
    };
  }

  /** Resolves when the call under way has ended and is on record; what is owed still is owed at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopping.abort();
    this.#bell.ring();
    const grace = setTimeout(() => {
      this.#calls.abort();
    }, STOP_GRACE_MS);
    await this.#running;
    clearTimeout(grace);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#turn();
        this.#storeFailures = 0;
      } catch (error) {
        const { receiver, log } = this.options;
        log.error(
          { receiver: receiver.name, err: error },
          'notifications wait: the store fails; tried again',
        );
        await this.#bell.rest(this.options.clock, this.#backoff_ms(++this.#storeFailures));
      }
    }
  }

  async #turn(): Promise<void> {
    const { clock } = this.options;
    const now = clock.elapsed();
    if (this.#stale) await this.#read();
    const lane = now >= this.#notBefore_ms ? this.#lanes.due(now) : undefined;
    if (lane !== undefined) {
      await this.#tell(lane);
    } else {
      const wake_ms = Math.max(this.#notBefore_ms, this.#lanes.nextDue_ms() ?? now + IDLE_MS);
      await this.#bell.rest(clock, wake_ms - now);
    }
  }

  async #read(): Promise<void> {
    const { store, receiver, since_s, clock } = this.options;
    this.#stale = false;
    try {
      const owed = await readOwed(store, receiver.name, { since_s, now: clock.now(), limit: OWED_MAX });
      this.#lanes.replace(owed);
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  async #tell(owed: Owed): Promise<void> {
    const { store, receiver, limiter } = this.options;
    const notification = await readNotification(store, owed);
    if (notification === undefined) {
      this.#lanes.done(owed);
      return;
    }
    await limiter.take(this.#stopping.signal);
    if (this.#stopped) return;
    const attempt = owed.attempts + 1;
    await this.#record(owed, attempt, { result: 'begun' });
    const linked = await this.#withLinks(notification);
    // Last of all: a former holder that slept on its way must not tell of what has passed meanwhile.
    await this.options.assertInOffice?.();
    const outcome = await receiver.deliver(linked, this.#calls.signal);
    await this.#recordSurely(owed, attempt, outcome);
    this.#conclude(owed, attempt, outcome);
  }

  async #withLinks(notification: Notification): Promise<Notification> {
    const { addLinks, receiver, log } = this.options;
    if (addLinks === undefined) return notification;
    try {
      return { ...notification, incident: await addLinks(notification.incident) };
    } catch (error) {
      log.error({ receiver: receiver.name, err: error }, 'links could not be found: told without');
      return notification;
    }
  }

  #conclude(owed: Owed, attempt: number, outcome: Outcome): void {
    const { receiver, clock, log } = this.options;
    this.#counts[outcome.result]++;
    const { status, answer } = outcome;
    const fields = {
      receiver: receiver.name,
      incident: owed.incidentId,
      sequence: owed.sequence,
      attempt,
      status,
    };
    if (outcome.result !== 'failed') {
      this.#failures = 0;
      this.#lanes.done(owed);
      if (outcome.result === 'delivered') log.info(fields, 'notification delivered');
      else log.error({ ...fields, answer }, 'notification refused: it is not tried again');
      return;
    }
    const now = clock.elapsed();
    // The receiver rests as a whole, and this notification longer: should the fault be its own, others go first.
    this.#notBefore_ms = now + Math.max(this.#backoff_ms(++this.#failures), outcome.retryAfter_ms ?? 0);
    this.#lanes.failed(owed, attempt, now + this.#backoff_ms(attempt));
    log.warn({ ...fields, reason: outcome.reason, answer }, 'notification failed; tried again');
  }

  #record(owed: Owed, attempt: number, event: AttemptEvent): Promise<void> {
    const { store, receiver, clock } = this.options;
    return recordAttempt(store, receiver.name, owed, attempt, event, clock.now());
  }

  /** An outcome that can't be recorded is kept until it can, or until the process ends: then the call is made again. */
  async #recordSurely(owed: Owed, attempt: number, outcome: Outcome): Promise<void> {
    const { receiver, log } = this.options;
    for (let failures = 1; ; failures++) {
      try {
        await this.#record(owed, attempt, outcome);
        return;
      } catch (error) {
        if (this.#stopped) throw error;
        log.error(
          { receiver: receiver.name, err: error },
          'the outcome of a notification could not be recorded; tried again',
        );
        await this.#bell.rest(this.options.clock, this.#backoff_ms(failures));
      }
    }
  }

  #backoff_ms(failures: number): number {
    return backoff_ms(failures, this.options.random());
  }
}
