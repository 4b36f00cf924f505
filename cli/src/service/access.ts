import { openPeopleSql, PeopleSqlError, type EmbeddedStore } from '@halfopen/store';
import { backtest, explain, type Explanation, type RuleBook } from '@halfopen/rules';
import type { Incident } from '@halfopen/telemetry';
import type { Config } from '../config/load.js';
import { currentOwner, inUse, own } from '../data-dir/owner.js';
import { Failure } from '../failure.js';
import { lastInstant, parseInstant, storedRange } from '../instant.js';
import { openStore } from './pipeline.js';
import { openLog } from './log.js';
import { RemoteService } from './remote.js';
import { RuleShelf } from './rule-shelf.js';

/** What the asking commands need, whether this process opens the data itself or a running `up` answers. */
export interface Access {
  sql(query: string, format: string | undefined): Promise<Uint8Array>;
  explain(channel: string, at: string | undefined): Promise<Explanation>;
  backtest(range: { from: string | undefined; to: string | undefined; stepMs: number }): Promise<Incident[]>;
}

/** Opens the data directory, or reaches its owner, for as long as `work` takes. */
export async function withAccess<T>(
  config: Config,
  command: string,
  work: (access: Access) => Promise<T>,
): Promise<T> {
  const ownership = await own(config.data, command);
  if (ownership === undefined) return work(throughOwner(remoteOf(config)));
  try {
    const store = await openStore(config);
    try {
      return await work(direct(config, store));
    } finally {
      await store.close();
    }
  } finally {
    await ownership.release();
  }
}

/** @throws Failure with exit code 3 when the owner has no ports to go through */
export function remoteOf(config: Config): RemoteService {
  const owner = currentOwner(config.data);
  if (owner?.apiUrl === undefined || owner.collectorUrl === undefined) throw inUse(config.data);
  return new RemoteService(owner.apiUrl, owner.collectorUrl, config);
}

function direct(config: Config, store: EmbeddedStore): Access {
  return {
    async sql(query, format) {
      const people = await openPeopleSql(store);
      try {
        return (await people.query(query, format === undefined ? {} : { format })).bytes;
      } catch (error) {
        if (error instanceof PeopleSqlError) throw new Failure(error.message);
        throw error;
      } finally {
        await people.close();
      }
    },
    async explain(channel, at) {
      const instant_ms = at === undefined ? await lastInstant(store, channel) : parseInstant(at, 'at');
      return withBook(config, store, instant_ms, (book) => explain(store, channel, instant_ms, book));
    },
    async backtest({ from, to, stepMs }) {
      const range = chosenRange(from, to, await storedRange(store));
      return withBook(config, store, range.toMs, (book) => backtest(store, { ...range, stepMs }, book));
    },
  };
}

/** @throws MistakeError where a rule file is wrong */
async function withBook<T>(
  config: Config,
  store: EmbeddedStore,
  instant_ms: number,
  work: (book: RuleBook) => Promise<T>,
): Promise<T> {
  const shelf = await RuleShelf.open(config, store, openLog(config), () => instant_ms);
  try {
    return await work(shelf.book());
  } finally {
    await shelf.close();
  }
}

function throughOwner(remote: RemoteService): Access {
  return {
    sql: (query, format) => remote.sql(query, format),
    explain: (channel, at) => remote.explain(channel, at),
    async backtest({ from, to, stepMs }) {
      const stored = from !== undefined && to !== undefined ? {} : await remoteRange(remote);
      return remote.backtest({ ...chosenRange(from, to, stored), stepMs });
    },
  };
}

async function remoteRange(remote: RemoteService): Promise<{ first?: number; last?: number }> {
  const query =
    'SELECT toUnixTimestamp64Milli(min(seen_at)) AS first, toUnixTimestamp64Milli(max(seen_at)) AS last FROM channel_states';
  const [row] = Buffer.from(await remote.sql(query, 'JSONEachRow'))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { first: number; last: number });
  return row === undefined || row.last === 0 ? {} : row;
}

function chosenRange(
  from: string | undefined,
  to: string | undefined,
  stored: { first?: number; last?: number },
): { fromMs: number; toMs: number } {
  const fromMs = from === undefined ? stored.first : parseInstant(from, 'from');
  const toMs = to === undefined ? stored.last : parseInstant(to, 'to');
  if (fromMs === undefined || toMs === undefined)
    throw new Failure('nothing is stored yet: import a recording, or point an exporter at halfopen up');
  if (toMs < fromMs) throw new Failure('--to lies before --from');
  return { fromMs, toMs };
}
