import type { RunningNotifier, RunningWatchdog } from '@halfopen/notify';
import { assertInOffice, startRules, type RunningRules, type Term } from '@halfopen/rules';
import { dropExpired, type Store } from '@halfopen/store';
import type { Config } from '../config/load.js';
import type { IncidentLinks } from './links.js';
import type { Log } from './log.js';
import { openNotifier, openWatchdog } from './notifications.js';
import type { RuleShelf } from './rule-shelf.js';
import { Undo } from './undo.js';

/** What one process does at a time: evaluates the rules, tells of incidents, drops what is too old. */
export interface Judging {
  readonly rules: RunningRules;
  readonly notifier: RunningNotifier;
  readonly watchdog: RunningWatchdog | undefined;
  stop(): Promise<void>;
}

export interface JudgingOptions {
  readonly config: Config;
  readonly store: Store;
  readonly shelf: RuleShelf;
  readonly links: IncidentLinks;
  readonly log: Log;
  /** See RulesOptions. */
  readonly now: () => number | undefined;
  /** Where several processes could. */
  readonly term?: Term;
  readonly onDeposed?: () => void;
}

export async function startJudging(options: JudgingOptions): Promise<Judging> {
  const { config, store, shelf, links, log, now, term, onDeposed } = options;
  const undo = new Undo();
  try {
    const notifier = await openNotifier(config, store, {
      links,
      log,
      ...(term === undefined ? {} : { assertInOffice: () => assertInOffice(store, term) }),
    });
    undo.push(() => notifier.stop());
    const rules = await startRules({
      store,
      onTransition: () => {
        notifier.ring();
      },
      now,
      book: () => shelf.book(),
      intervalMs: config.rules.intervalMs,
      log,
      ...(term === undefined ? {} : { term }),
      ...(onDeposed === undefined ? {} : { onDeposed }),
    });
    undo.push(() => rules.stop());
    const watchdog = openWatchdog(config, rules, log);
    undo.push(() => watchdog?.stop());
    const retention = startRetention(config, store, log);
    undo.push(() => retention.stop());
    return { rules, notifier, watchdog, stop: () => undo.run() };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

const RETENTION_PERIOD_MS = 3_600_000;

function startRetention(config: Config, store: Store, log: Log): { stop(): Promise<void> } {
  const { telemetryDays, incidentDays } = config.retention;
  const drop = async (): Promise<void> => {
    try {
      const dropped = await dropExpired(
        store,
        { telemetry: telemetryDays, incidents: incidentDays },
        Date.now(),
      );
      if (dropped.length > 0) log.info({ dropped }, 'dropped what is older than the retention');
    } catch (error) {
      log.error(
        { err: error },
        'what is older than the retention could not be dropped; tried again in an hour',
      );
    }
  };
  let running = drop();
  const timer = setInterval(() => {
    running = running.then(drop);
  }, RETENTION_PERIOD_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
