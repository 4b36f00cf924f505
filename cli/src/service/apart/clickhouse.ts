import { installSignals } from '@halfopen/rules';
import { prepareServerStore, ServerStore } from '@halfopen/store';
import type { ClickHouseConfig } from '../../config/cluster.js';
import type { Config } from '../../config/load.js';
import { Failure } from '../../failure.js';

/** @throws Failure that says what to configure */
export function needClickHouse({ clickhouse }: Config, command: string): ClickHouseConfig {
  if (clickhouse !== undefined) return clickhouse;
  throw new Failure(
    `halfopen ${command} works with a ClickHouse server: configure it, for example clickhouse: { url: http://clickhouse:8123 }`,
    2,
  );
}

/** Reaches nothing before it is asked something. */
export function storeOf({ password, caFile, ...server }: ClickHouseConfig): ServerStore {
  const { url, username, database } = server;
  return new ServerStore({
    url,
    username,
    database,
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(caFile === undefined ? {} : { caFile }),
  });
}

/**
 * Puts the schema in place, and the signals' views of this version: for whoever reads by them. (An ingest leaves them alone:
 * one of an older version would put its own back under the rules.)
 *
 * @throws StoreError
 */
export async function prepareStore(store: ServerStore): Promise<void> {
  await prepareServerStore(store);
  await installSignals(store);
}
