import { peopleSqlOf, quoted, type PeopleStore, type PeopleSql } from '@halfopen/store';

/** Of one of the console's own queries, s. */
const EXECUTION_SECONDS_MAX = 20;
/** At once; the rest waits. Beside those of people, and apart from the session that rules read by. */
const CONCURRENT_MAX = 2;
const WAITING_MAX = 200;

export type Params = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * The console's own reads. They come through the gate for people's SQL: bounded, ended when nobody waits for them any
 * more, and each of them could be asked on the page for SQL. A long one holds up neither rules nor ingestion.
 */
export class Ask {
  private readonly people: PeopleSql;

  constructor(store: PeopleStore) {
    this.people = peopleSqlOf(store, {
      executionSecondsMax: EXECUTION_SECONDS_MAX,
      concurrentMax: CONCURRENT_MAX,
      waitingMax: WAITING_MAX,
    });
  }

  /** @throws PeopleSqlError */
  async rows<Row>(sql: string, params: Params, signal?: AbortSignal): Promise<Row[]> {
    const { bytes } = await this.people.query(sql, {
      format: 'JSONEachRow',
      params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, asText(value)])),
      ...(signal === undefined ? {} : { signal }),
    });
    return Buffer.from(bytes)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row);
  }

  close(): Promise<void> {
    return this.people.close();
  }
}

function asText(value: string | number | readonly string[]): string {
  if (typeof value === 'object') return `[${value.map(quoted).join(', ')}]`; // within an array a text is a literal
  return String(value);
}
