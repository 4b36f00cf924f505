import {
  countFiring,
  pagerDuty,
  readSilences,
  startNotifier,
  startWatchdog,
  webhook,
  type NotifierOptions,
  type Receiver,
  type RunningNotifier,
  type RunningWatchdog,
} from '@halfopen/notify';
import type { RunningRules } from '@halfopen/rules';
import type { Store } from '@halfopen/store';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Config } from '../config/load.js';
import type { ReceiverConfig } from '../config/notifications.js';
import type { IncidentLinks } from './links.js';
import type { Log } from './log.js';

/** Has those told of incidents whom the configuration names. Runs without any: then it notes what fires before them. */
export function openNotifier(
  { notifications }: Config,
  store: Store,
  { links, ...given }: { links: IncidentLinks; log: Log } & Pick<NotifierOptions, 'assertInOffice'>,
): Promise<RunningNotifier> {
  const { receivers, routing, links: bases } = notifications;
  const receiver = (configured: ReceiverConfig): Receiver =>
    configured.kind === 'pagerduty' ? pagerDuty({ ...configured, links: bases }) : webhook(configured);
  return startNotifier({
    store,
    receivers: receivers.map(receiver),
    routing,
    ...given,
    addLinks: links.withTrace,
  });
}

/** @returns undefined where the configuration has none */
export function openWatchdog(
  { watchdog }: Config,
  rules: RunningRules,
  log: Log,
): RunningWatchdog | undefined {
  if (watchdog === undefined) return undefined;
  return startWatchdog({ ...watchdog, lastInstant: () => rules.status().lastInstantMs, log });
}

/** What fires, and what is silenced: of the store, whichever process judges. Read at each scrape. */
export function addIncidentMetrics(registry: Registry, store: Store): void {
  const registers = [registry];
  new Gauge({
    name: 'halfopen_incidents_firing',
    help: 'Incidents firing now; site is "several" for one over several sites.',
    labelNames: ['rule', 'cause', 'site'],
    registers,
    async collect() {
      const firing = await countFiring(store);
      this.reset();
      for (const { incidents, ...labels } of firing) this.set(labels, incidents);
    },
  });
  new Gauge({
    name: 'halfopen_silences_active',
    help: 'Silences in force.',
    registers,
    async collect() {
      this.set((await readSilences(store, { now: Date.now(), active: true })).length);
    },
  });
}

export interface Told {
  readonly notifier: RunningNotifier;
  readonly watchdog: RunningWatchdog | undefined;
}

/** Who has been told. Read at each scrape; nothing where another process tells. */
export function addNotificationMetrics(registry: Registry, told: () => Told | undefined): void {
  const registers = [registry];
  new Counter({
    name: 'halfopen_notifications_total',
    help: 'Attempts to tell a receiver since the start, by how they ended; failed ones are tried again.',
    labelNames: ['receiver', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [receiver, status] of told()?.notifier.status() ?? [])
        for (const outcome of ['delivered', 'refused', 'failed'] as const)
          this.inc({ receiver, outcome }, status[outcome]);
    },
  });
  new Gauge({
    name: 'halfopen_notifications_owed',
    help: 'Transitions that a receiver is still to be told of.',
    labelNames: ['receiver'],
    registers,
    collect() {
      this.reset();
      for (const [receiver, { owed }] of told()?.notifier.status() ?? []) this.set({ receiver }, owed);
    },
  });
  new Gauge({
    name: 'halfopen_notifications_oldest_owed_seconds',
    help: 'How long ago the oldest of them was recorded; 0 when there is none.',
    labelNames: ['receiver'],
    registers,
    collect() {
      this.reset();
      for (const [receiver, { oldestOwed_ms }] of told()?.notifier.status() ?? [])
        this.set({ receiver }, oldestOwed_ms === undefined ? 0 : (Date.now() - oldestOwed_ms) / 1000);
    },
  });
  new Counter({
    name: 'halfopen_watchdog_pings_total',
    help: "Pings of the dead-man's switch since the start: sent, failed, or withheld since evaluation did not go on.",
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries<number>({ ...told()?.watchdog?.status() }))
        this.inc({ outcome }, count);
    },
  });
}
