import type { Store } from '@halfopen/store';
import { insertOnce } from './insert.js';

/** Since when incidents are anybody's concern, and each receiver's, seconds since the epoch by the engine's clock. */
export interface RollCall {
  readonly first_s: number;
  readonly knownSince_s: ReadonlyMap<string, number>;
}

/**
 * Notes who is configured. Who was at the last call, too, is known since before; for anybody else, what has fired so far
 * is the past. To be repeated within the retention, or what it knew is forgotten.
 */
export async function callTheRoll(store: Store, names: readonly string[]): Promise<RollCall> {
  await insertOnce(
    store,
    'notification_receivers (receiver, known_since, called_at)',
    `WITH now64(3) AS now,
         (SELECT max(called_at) FROM notification_receivers) AS last_call,
         (SELECT CAST((groupArray(toString(receiver)), groupArray(known_since)), 'Map(String, DateTime64(3))')
          FROM notification_receivers WHERE called_at = last_call) AS known
     SELECT arrayJoin(arrayDistinct(arrayConcat([''], {names:Array(String)}))) AS name,
         if(mapContains(known, name), known[name], now) AS since, now`,
    { names: [...names] },
  );
  const rows = await store.query<{ receiver: string; since: number }>(
    `SELECT receiver, toUnixTimestamp(known_since) AS since FROM notification_receivers
     WHERE called_at = (SELECT max(called_at) FROM notification_receivers)`,
  );
  const knownSince_s = new Map(rows.map(({ receiver, since }) => [receiver, since]));
  return { first_s: knownSince_s.get('') ?? 0, knownSince_s };
}
