import type { AddressInfo } from 'node:net';
import { openSqlServer, type SqlServer } from '@halfopen/clickhouse-http';
import { createCollector, type Collector } from '@halfopen/collector';
import { deskInStore } from '@halfopen/ingest';
import type { RunningRules } from '@halfopen/rules';
import { openPeopleSql } from '@halfopen/store';
import { Registry } from 'prom-client';
import type { Config } from '../config/load.js';
import { portFailure, urlOf } from './address.js';
import { createApi } from './api.js';
import { startJudging } from './judging.js';
import { incidentLinks } from './links.js';
import { listenApi } from './listening.js';
import type { Log } from './log.js';
import { addPipelineMetrics, addRuleFileMetrics, addRulesMetrics, lagMs } from './metrics.js';
import { addIncidentMetrics, addNotificationMetrics } from './notifications.js';
import { openPipeline, type Pipeline } from './pipeline.js';
import { RuleShelf } from './rule-shelf.js';
import { refusalOf } from './sql-guard.js';
import { Undo } from './undo.js';

/** Everything in one process: what `halfopen up` runs. */
export interface Service {
  readonly collectorUrl: string;
  readonly apiUrl: string;
  /** ClickHouse's HTTP protocol. */
  readonly sqlUrl: string;
  /** Stops in the data's order: refuse, drain, judge no more, let the engine go. */
  close(): Promise<void>;
}

export async function startService(config: Config, log: Log): Promise<Service> {
  const undo = new Undo();
  try {
    const pipeline = await openPipeline(config, log);
    undo.push(() => pipeline.close());
    const { executionSecondsMax, concurrentMax } = config.sql;
    const people = await openPeopleSql(pipeline.store, { executionSecondsMax, concurrentMax });
    undo.push(() => people.close());
    const shelf = await RuleShelf.open(config, pipeline.store, log);
    undo.push(() => shelf.close());
    const links = incidentLinks(config, pipeline.store);
    const judging = await startJudging({
      config,
      store: pipeline.store,
      shelf,
      links,
      log,
      now: () => evaluationInstant(pipeline, config),
    });
    undo.push(() => judging.stop());
    const { rules, notifier } = judging;
    const told: { collectorUrl?: string } = {};
    const registry = new Registry();
    const collector = openCollector(config, pipeline, registry, log);
    addPipelineMetrics(registry, pipeline);
    addRulesMetrics(registry, () => rules);
    addRuleFileMetrics(registry, () => shelf);
    addIncidentMetrics(registry, pipeline.store);
    addNotificationMetrics(registry, () => judging);
    const api = createApi({
      config,
      store: pipeline.store,
      people,
      shelf: () => shelf,
      incidents: (status) => rules.incidents(status),
      links,
      deadLetters: deskInStore(pipeline.store, pipeline.stream.producer),
      onResponse: () => {
        notifier.ring();
      },
      registry,
      log,
      collectorUrl: () => told.collectorUrl,
      notReady: () => notReady(pipeline, rules),
    });
    undo.push(() => api.close());
    const apiUrl = await listenApi(api, config);
    const sql = await openSqlServer({ people, log, guard: (caller) => refusalOf(config.token, caller) });
    undo.push(() => sql.close());
    const sqlUrl = await listenSql(sql, config);
    undo.push(() => collector.close());
    told.collectorUrl = urlOf(config.collector.host, await listenCollector(collector, config));
    return { collectorUrl: told.collectorUrl, apiUrl, sqlUrl, close: () => undo.run() };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

/** How far ingestion has come: rules look no further, so that late data delays a verdict and never invents one. */
function evaluationInstant(pipeline: Pipeline, config: Config): number {
  const now = Date.now();
  return now - lagMs(pipeline, now) - config.rules.exporterDelayMs;
}

function openCollector(config: Config, pipeline: Pipeline, registry: Registry, log: Log): Collector {
  return createCollector({
    producer: pipeline.stream.producer,
    registry,
    logger: log,
    config: {
      host: config.collector.host,
      port: config.collector.port,
      bearerToken: config.token?.reveal(),
      wireBytesMax: config.collector.wireBytesMax,
      inflatedBytesMax: config.collector.inflatedBytesMax,
      connectionsMax: config.collector.connectionsMax,
    },
    ready: () => {
      const status = pipeline.ingest.status();
      return status.state === 'running'
        ? { ready: true }
        : {
            ready: false,
            reason: status.state === 'failing' ? `storing fails: ${status.lastError}` : 'storing has stopped',
          };
    },
  });
}

function notReady(pipeline: Pipeline, rules: RunningRules): string[] {
  const ingest = pipeline.ingest.status();
  const judged = rules.status();
  return [
    ...(ingest.state === 'failing'
      ? [`storing has failed since ${new Date(ingest.sinceMs).toISOString()}: ${ingest.lastError}`]
      : []),
    ...(ingest.state === 'stopped' ? ['storing has stopped'] : []),
    ...(judged.lastInstantMs === undefined && judged.lastError !== undefined
      ? [`the rules have not been evaluated yet: ${judged.lastError}`]
      : []),
  ];
}

async function listenCollector(collector: Collector, config: Config): Promise<AddressInfo> {
  try {
    return await collector.listen();
  } catch (cause) {
    throw portFailure(cause, 'collector.port', config.collector.port, '--otlp-port');
  }
}

async function listenSql(sql: SqlServer, config: Config): Promise<string> {
  const { host, port } = config.sql;
  try {
    return urlOf(host, await sql.listen(host === 'localhost' ? '127.0.0.1' : host, port));
  } catch (cause) {
    throw portFailure(cause, 'sql.port', port, '--sql-port');
  }
}
