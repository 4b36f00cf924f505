import type { Incident } from '@halfopen/telemetry';
import type { Store } from '@halfopen/store';
import { SYSTEM_CLOCK, type Clock } from './clock.js';
import { backoff_ms } from './delivery/backoff.js';
import { Bell } from './delivery/bell.js';
import { Courier, type CourierStatus } from './delivery/courier.js';
import { RateLimiter } from './delivery/rate-limit.js';
import type { NotifyLog } from './log.js';
import { callTheRoll, type RollCall } from './outbox/roll-call.js';
import { readSites, readUnrouted, recordRoute } from './outbox/routes.js';
import type { Receiver } from './receivers/receiver.js';
import { receiversFor, type Routing } from './routing/routing.js';

export interface NotifierOptions {
  readonly store: Store;
  /** Each with a name of its own. */
  readonly receivers: readonly Receiver[];
  readonly routing: Routing;
  readonly log: NotifyLog;
  /** Adds links to an incident that is about to be told; should it throw, the incident is told without. */
  readonly addLinks?: (incident: Incident) => Promise<Incident>;
  /**
   * Where several processes may tell: asked before each call. Should it throw, the call is not made, and comes up again
   * for as long as this runs.
   */
  readonly assertInOffice?: () => Promise<void>;
  readonly clock?: Clock;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

export interface RunningNotifier {
  /** A transition has been recorded. Returns at once. */
  ring(): void;
  /** By the receivers' names. */
  status(): ReadonlyMap<string, CourierStatus>;
  /** Resolves when nothing of it runs any more; what is owed is told at the next start. */
  stop(): Promise<void>;
}

/** Incidents that one turn chooses receivers for. */
const UNROUTED_MAX = 100;

const POLL_MS = 10_000;

/** Well within any retention. */
const ROLL_CALL_MS = 86_400_000;

/**
 * Reads transitions as they are recorded, chooses receivers as an incident fires, and has each receiver's courier tell it.
 * Runs without receivers too: what fires meanwhile is the past for whoever is configured later.
 */
export async function startNotifier(options: NotifierOptions): Promise<RunningNotifier> {
  const names = options.receivers.map(({ name }) => name);
  const notifier = new Notifier(options, await callTheRoll(options.store, names));
  notifier.start();
  return notifier;
}

class Notifier implements RunningNotifier {
  readonly #bell = new Bell();
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #couriers: ReadonlyMap<string, Courier>;
  #calledAt_ms: number;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: NotifierOptions,
    private readonly rollCall: RollCall,
  ) {
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#random = options.random ?? Math.random;
    this.#calledAt_ms = this.#clock.elapsed();
    this.#couriers = this.#hire();
  }

  start(): void {
    for (const courier of this.#couriers.values()) courier.start();
    this.#running = this.#run();
  }

  ring(): void {
    this.#bell.ring();
  }

  status(): ReadonlyMap<string, CourierStatus> {
    return new Map([...this.#couriers].map(([name, courier]) => [name, courier.status()]));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#bell.ring();
    await this.#running;
    await Promise.all([...this.#couriers.values()].map((courier) => courier.stop()));
  }

  #hire(): Map<string, Courier> {
    const { store, receivers, log, addLinks, assertInOffice } = this.options;
    const limiters = new Map<string, RateLimiter>();
    return new Map(
      receivers.map((receiver) => {
        const limiter = limiters.get(receiver.rateKey) ?? new RateLimiter(receiver.rateLimit, this.#clock);
        limiters.set(receiver.rateKey, limiter);
        const since_s = this.#since_s(receiver.name);
        const courier = new Courier({
          store,
          receiver,
          since_s,
          limiter,
          clock: this.#clock,
          random: this.#random,
          log,
          ...(addLinks === undefined ? {} : { addLinks }),
          ...(assertInOffice === undefined ? {} : { assertInOffice }),
        });
        return [receiver.name, courier];
      }),
    );
  }

  #since_s(receiver: string): number {
    return this.rollCall.knownSince_s.get(receiver) ?? this.rollCall.first_s;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      let rest_ms = POLL_MS;
      try {
        const routed = await this.#routeSome();
        if (this.#clock.elapsed() - this.#calledAt_ms >= ROLL_CALL_MS) await this.#callTheRollAgain();
        for (const courier of this.#couriers.values()) courier.ring();
        if (routed === UNROUTED_MAX) rest_ms = 0;
        failures = 0;
      } catch (error) {
        this.options.log.error(
          { err: error },
          'receivers could not be chosen for new incidents; tried again',
        );
        rest_ms = backoff_ms(++failures, this.#random());
      }
      await this.#bell.rest(this.#clock, rest_ms);
    }
  }

  async #routeSome(): Promise<number> {
    const { store, receivers, routing } = this.options;
    const kinds = new Map(receivers.map(({ name, kind }) => [name, kind]));
    const unrouted = await readUnrouted(store, this.rollCall.first_s, UNROUTED_MAX);
    for (const incident of unrouted) {
      const sites = await readSites(store, incident);
      const told = receiversFor({ ...incident, sites }, routing, (name) => kinds.get(name)).filter(
        (name) => incident.recorded_s >= this.#since_s(name),
      );
      await recordRoute(store, incident, told, sites);
    }
    return unrouted.length;
  }

  async #callTheRollAgain(): Promise<void> {
    const { store, receivers } = this.options;
    await callTheRoll(
      store,
      receivers.map(({ name }) => name),
    );
    this.#calledAt_ms = this.#clock.elapsed();
  }
}
