import type { AddressInfo } from 'node:net';
import { openSqlServer, type SqlServer } from '@halfopen/clickhouse-http';
import { createCollector, type Collector } from '@halfopen/collector';
import { deskInStore } from '@halfopen/ingest';
import { startRules, type RunningRules } from '@halfopen/rules';
import { dropExpired, openPeopleSql } from '@halfopen/store';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { Config } from '../config/load.js';
import { portFailure, urlOf } from './address.js';
import { createApi } from './api.js';
import { incidentLinks } from './links.js';
import type { Log } from './log.js';
import { addMetrics, lagMs } from './metrics.js';
import { addNotificationMetrics, openNotifier, openWatchdog } from './notifications.js';
import { openPipeline, type Pipeline } from './pipeline.js';
import { refusalOf } from './sql-guard.js';

/** Everything in one process: what `halfopen up` runs. */
export interface Service {
  readonly collectorUrl: string;
  readonly apiUrl: string;
  /** ClickHouse's HTTP protocol. */
  readonly sqlUrl: string;
  /** Stops in the data's order: refuse, drain, judge no more, let the engine go. */
  close(): Promise<void>;
}

const RETENTION_PERIOD_MS = 3_600_000;

export async function startService(config: Config, log: Log): Promise<Service> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const pipeline = await openPipeline(config, log);
    undo.push(() => pipeline.close());
    const { executionSecondsMax, concurrentMax } = config.sql;
    const people = await openPeopleSql(pipeline.store, { executionSecondsMax, concurrentMax });
    undo.push(() => people.close());
    const links = incidentLinks(config, pipeline.store);
    const notifier = await openNotifier(config, pipeline.store, links, log);
    undo.push(() => notifier.stop());
    const rules = await startRules({
      store: pipeline.store,
      onTransition: () => {
        notifier.ring();
      },
      now: () => evaluationInstant(pipeline, config),
      intervalMs: config.rules.intervalMs,
      log,
    });
    undo.push(() => rules.stop());
    const watchdog = openWatchdog(config, rules, log);
    undo.push(async () => watchdog?.stop());
    const retention = startRetention(config, pipeline, log);
    undo.push(() => retention.stop());
    const told: { collectorUrl?: string } = {};
    const registry = new Registry();
    const collector = openCollector(config, pipeline, registry, log);
    addMetrics(registry, pipeline, rules);
    addNotificationMetrics(registry, { store: pipeline.store, notifier, watchdog });
    const api = createApi({
      config,
      store: pipeline.store,
      people,
      rules,
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
    const apiUrl = await listen(api, config);
    const sql = await openSqlServer({ people, log, guard: (caller) => refusalOf(config.token, caller) });
    undo.push(() => sql.close());
    const sqlUrl = await listenSql(sql, config);
    undo.push(() => collector.close());
    told.collectorUrl = urlOf(config.collector.host, await listenCollector(collector, config));
    return { collectorUrl: told.collectorUrl, apiUrl, sqlUrl, close: () => closeAll(undo) };
  } catch (error) {
    await closeAll(undo);
    throw error;
  }
}

async function closeAll(undo: (() => Promise<unknown>)[]): Promise<void> {
  for (let close = undo.pop(); close !== undefined; close = undo.pop()) await close();
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

function startRetention(config: Config, { store }: Pipeline, log: Log): { stop(): Promise<void> } {
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

async function listenCollector(collector: Collector, config: Config): Promise<AddressInfo> {
  try {
    return await collector.listen();
  } catch (cause) {
    throw portFailure(cause, 'collector.port', config.collector.port, '--otlp-port');
  }
}

async function listen(api: FastifyInstance, config: Config): Promise<string> {
  try {
    await api.listen({
      host: config.api.host === 'localhost' ? '127.0.0.1' : config.api.host,
      port: config.api.port,
    });
  } catch (cause) {
    throw portFailure(cause, 'api.port', config.api.port, '--api-port');
  }
  return urlOf(config.api.host, api.server.address() as AddressInfo);
}

async function listenSql(sql: SqlServer, config: Config): Promise<string> {
  const { host, port } = config.sql;
  try {
    return urlOf(host, await sql.listen(host === 'localhost' ? '127.0.0.1' : host, port));
  } catch (cause) {
    throw portFailure(cause, 'sql.port', port, '--sql-port');
  }
}
