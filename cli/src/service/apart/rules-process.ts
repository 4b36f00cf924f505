import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { readIncidents, readRuleBook } from '@halfopen/rules';
import { peopleSqlOf, type ServerStore } from '@halfopen/store';
import { watchKafkaProgress, type KafkaProgress } from '@halfopen/stream';
import { Registry } from 'prom-client';
import type { KafkaConfig } from '../../config/cluster.js';
import type { Config } from '../../config/load.js';
import { createApi } from '../api.js';
import { startJudging } from '../judging.js';
import { incidentLinks } from '../links.js';
import { listenApi } from '../listening.js';
import type { Log } from '../log.js';
import { addOfficeMetrics, addRuleFileMetrics, addRulesMetrics } from '../metrics.js';
import { addIncidentMetrics, addNotificationMetrics } from '../notifications.js';
import { RuleShelf } from '../rule-shelf.js';
import { Undo } from '../undo.js';
import { Candidacy } from './candidacy.js';
import { needClickHouse, prepareStore, storeOf } from './clickhouse.js';
import type { PartProcess } from './collector-process.js';
import { connectionOf, needKafka } from './kafka.js';
import { Office } from './office.js';
import { untilReached } from './until-reached.js';

/**
 * Evaluates the rules, tells of incidents, and serves API and console, over a ClickHouse server. Of several such processes
 * all serve and one, elected by Kafka, does the rest.
 */
export async function startRulesProcess(config: Config, log: Log): Promise<PartProcess> {
  const kafka = needKafka(config, 'rules');
  // A mistake that can be seen without the server is told at once.
  readRuleBook({ rules: config.rules.files, causes: config.rules.causes });
  const store = storeOf(needClickHouse(config, 'rules'));
  const undo = new Undo();
  undo.push(() => store.close());
  try {
    const desk = new Desk(config, kafka, store, log);
    undo.push(() => desk.close());
    const url = await serve(config, store, desk, undo, log);
    desk.start();
    return { url, close: () => undo.run() };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

/** The work behind API and console: begins when the store is reached, and says in `/readyz` what it lacks. */
class Desk {
  readonly links;
  readonly office: Office;
  readonly #candidacy: Candidacy;
  readonly #stop = new AbortController();
  #progress: KafkaProgress | undefined;
  #shelf: RuleShelf | undefined;
  #opening: string | undefined = 'starting';
  #prepared: Promise<void> = Promise.resolve();

  constructor(
    private readonly config: Config,
    private readonly kafka: KafkaConfig,
    private readonly store: ServerStore,
    private readonly log: Log,
  ) {
    this.links = incidentLinks(config, store);
    this.office = new Office({
      store,
      holder: `${hostname()}/${process.pid}/${randomUUID()}`,
      log,
      begin: (term, onDeposed) =>
        startJudging({
          ...{ config, store, log, term, onDeposed },
          links: this.links,
          shelf: this.#openShelf(),
          now: () => this.#now(),
        }),
    });
    this.#candidacy = new Candidacy(kafka, this.office, log);
  }

  /** Why no question can be answered yet. */
  get opening(): string | undefined {
    return this.#opening;
  }

  get progress(): KafkaProgress | undefined {
    return this.#progress;
  }

  get shelf(): RuleShelf | undefined {
    return this.#shelf;
  }

  start(): void {
    this.#prepared = this.#prepare();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#prepared;
    await this.#candidacy.close();
    await this.office.close();
    await this.#progress?.close();
    await this.#shelf?.close();
  }

  obstacles(): string[] {
    if (this.#opening !== undefined) return [this.#opening];
    const judged = this.office.judging?.rules.status();
    const failed = judged?.lastInstantMs === undefined ? judged?.lastError : undefined;
    return [
      this.#candidacy.obstacle,
      this.#unstored(),
      this.office.obstacle,
      failed === undefined ? undefined : `the rules have not been evaluated yet: ${failed}`,
    ].filter((reason) => reason !== undefined);
  }

  async #prepare(): Promise<void> {
    const { kafka, store, log } = this;
    const prepare = async () => {
      await prepareStore(store);
      return true;
    };
    const prepared = await untilReached('the ClickHouse server', prepare, {
      log,
      signal: this.#stop.signal,
      obstacle: (message) => (this.#opening = message),
    });
    if (prepared === undefined) return;
    this.#shelf = await untilReached('the rule files', () => RuleShelf.open(this.config, store, log), {
      log,
      signal: this.#stop.signal,
      obstacle: (message) => (this.#opening = message),
    });
    if (this.#shelf === undefined) return;
    this.#opening = undefined;
    const { topic, group } = kafka;
    this.#progress = watchKafkaProgress({ connection: connectionOf(kafka), topic, group, log });
    this.#candidacy.start();
  }

  /** Candidates stand for election once it is there. */
  #openShelf(): RuleShelf {
    if (this.#shelf === undefined) throw new Error('elected before the rule files were read');
    return this.#shelf;
  }

  #now(): number | undefined {
    const stored = this.#progress?.storedUntilMs();
    return stored === undefined ? undefined : stored - this.config.rules.exporterDelayMs;
  }

  #unstored(): string | undefined {
    const obstacle = this.#progress?.obstacle();
    if (obstacle !== undefined) return `how far telemetry is stored is not known: ${obstacle}`;
    if (this.#progress?.storedUntilMs() !== undefined) return undefined;
    return `nothing is judged before what was published when this started is stored: ${this.#progress?.pending() ?? 0} messages are not`;
  }
}

async function serve(config: Config, store: ServerStore, desk: Desk, undo: Undo, log: Log): Promise<string> {
  const { office, links } = desk;
  const { executionSecondsMax, concurrentMax } = config.sql;
  const people = peopleSqlOf(store, { executionSecondsMax, concurrentMax });
  undo.push(() => people.close());
  const registry = new Registry();
  addOfficeMetrics(registry, { term: () => office.term, progress: () => desk.progress });
  addRulesMetrics(registry, () => office.judging?.rules);
  addRuleFileMetrics(registry, () => desk.shelf);
  addIncidentMetrics(registry, store);
  addNotificationMetrics(registry, () => office.judging);
  const api = createApi({
    config,
    store,
    people,
    shelf: () => desk.shelf,
    // As the last evaluation saw them where that was here; else as they were last written.
    incidents: (status) => office.judging?.rules.incidents(status) ?? readIncidents(store, status),
    links,
    onResponse: () => office.judging?.notifier.ring(),
    registry,
    log,
    collectorUrl: () => undefined,
    notReady: () => desk.obstacles(),
    opening: () => desk.opening,
    role: () => (office.judging === undefined ? 'standby' : 'active'),
  });
  undo.push(() => api.close());
  return listenApi(api, config);
}
