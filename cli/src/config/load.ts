import { check, MistakeError, readSource } from '@halfopen/checked-yaml';
import type { Secret } from '@halfopen/notify';
import { EXIT, Failure } from '../failure.js';
import { clickHouseOf, kafkaOf, type ClickHouseConfig, type KafkaConfig } from './cluster.js';
import {
  notificationsOf,
  watchdogOf,
  type NotificationsConfig,
  type WatchdogConfig,
} from './notifications.js';
import { configSchema, LOOPBACK, TOKEN_CHARS_MIN, type ConfigFile } from './schema.js';
import { secretOf } from './secrets.js';

/** What is in force: checked, secrets read from their files, frozen. However it is printed, secrets are hidden. */
export type Config = Readonly<
  Omit<ConfigFile, 'token' | 'tokenFile' | 'notifications' | 'watchdog' | 'kafka' | 'clickhouse'>
> & {
  readonly token?: Secret;
  readonly notifications: NotificationsConfig;
  readonly watchdog?: WatchdogConfig;
  readonly kafka?: KafkaConfig;
  readonly clickhouse?: ClickHouseConfig;
};

/** Values given on the command line; they win over the file. */
export interface Overrides {
  readonly data?: string;
  readonly otlpPort?: number;
  readonly apiPort?: number;
  readonly sqlPort?: number;
}

/**
 * Reads, validates and freezes the configuration; without a file it is all defaults.
 *
 * @throws Failure with exit code 2: file, line, key, what is wrong, a right value
 */
export function loadConfig(file: string | undefined, overrides: Overrides = {}): Config {
  try {
    return configOf(file, overrides);
  } catch (error) {
    throw error instanceof MistakeError ? new Failure(error.message, EXIT.usage, { cause: error }) : error;
  }
}

function configOf(file: string | undefined, overrides: Overrides): Config {
  const source = file === undefined ? undefined : readSource(file, 'configuration');
  const { token, tokenFile, notifications, watchdog, kafka, clickhouse, ...rest } = check(
    configSchema,
    source,
  );
  const config: Config = {
    ...rest,
    ...(token === undefined && tokenFile === undefined
      ? {}
      : { token: secretOf({ place: file ?? 'configuration', ...TOKEN, value: token, file: tokenFile }) }),
    notifications: notificationsOf(notifications, source),
    ...(watchdog === undefined ? {} : { watchdog: watchdogOf(watchdog, source) }),
    ...(kafka === undefined ? {} : { kafka: kafkaOf(kafka, source) }),
    ...(clickhouse === undefined ? {} : { clickhouse: clickHouseOf(clickhouse, source) }),
    data: overrides.data ?? rest.data,
    collector: { ...rest.collector, port: overrides.otlpPort ?? rest.collector.port },
    api: { ...rest.api, port: overrides.apiPort ?? rest.api.port },
    sql: { ...rest.sql, port: overrides.sqlPort ?? rest.sql.port },
  };
  assertReachableOnlyWithToken(config, file);
  return deepFreeze(config);
}

const TOKEN = {
  key: 'token',
  isRight: (text: string) => text.length >= TOKEN_CHARS_MIN,
  wanted: `a secret of at least ${TOKEN_CHARS_MIN} characters`,
} as const;

function assertReachableOnlyWithToken(config: Config, file: string | undefined): void {
  for (const part of ['collector', 'api', 'sql'] as const) {
    if (!LOOPBACK.has(config[part].host) && config.token === undefined) {
      const where = file ?? 'configuration';
      throw new Failure(
        `${where}: ${part}.host is ${config[part].host}, which others can reach: set token or tokenFile, or ${part}.host: 127.0.0.1`,
        EXIT.usage,
      );
    }
  }
}

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner as object);
  return Object.freeze(value);
}
