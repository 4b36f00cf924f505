import {
  countFiring,
  pagerDuty,
  readSilences,
  startNotifier,
  startWatchdog,
  webhook,
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
  links: IncidentLinks,
  log: Log,
): Promise<RunningNotifier> {
  const { receivers, routing, links: bases } = notifications;
  const receiver = (configured: ReceiverConfig): Receiver =>
    configured.kind === 'pagerduty' ? pagerDuty({ ...configured, links: bases }) : webhook(configured);
  return startNotifier({
    store,
    receivers: receivers.map(receiver),
    routing,
    log,
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

export interface Told {
  readonly store: Store;
  readonly notifier: RunningNotifier;
  readonly watchdog: RunningWatchdog | undefined;
}

/** What fires, and who has been told of it. Read at each scrape. */
export function addNotificationMetrics(registry: Registry, { store, notifier, watchdog }: Told): void {
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
  new Counter({
    name: 'halfopen_notifications_total',
    help: 'Attempts to tell a receiver since the start, by how they ended; failed ones are tried again.',
    labelNames: ['receiver', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [receiver, status] of notifier.status())
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
      for (const [receiver, { owed }] of notifier.status()) this.set({ receiver }, owed);
    },
  });
  new Gauge({
    name: 'halfopen_notifications_oldest_owed_seconds',
    help: 'How long ago the oldest of them was recorded; 0 when there is none.',
    labelNames: ['receiver'],
    registers,
    collect() {
      for (const [receiver, { oldestOwed_ms }] of notifier.status())
        this.set({ receiver }, oldestOwed_ms === undefined ? 0 : (Date.now() - oldestOwed_ms) / 1000);
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
  if (watchdog === undefined) return;
  new Counter({
    name: 'halfopen_watchdog_pings_total',
    help: "Pings of the dead-man's switch since the start: sent, failed, or withheld since evaluation did not go on.",
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries<number>({ ...watchdog.status() }))
        this.inc({ outcome }, count);
    },
  });
}
