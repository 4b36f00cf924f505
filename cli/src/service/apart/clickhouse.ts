import { installSignals } from '@halfopen/rules';
import { openServerStore, type ServerStore } from '@halfopen/store';
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

/** With the schema and the signals' views of this version. */
export async function openStore({ password, caFile, ...server }: ClickHouseConfig): Promise<ServerStore> {
  const { url, username, database } = server;
  const store = await openServerStore({
    url,
    username,
    database,
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(caFile === undefined ? {} : { caFile }),
  });
  try {
    await installSignals(store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
