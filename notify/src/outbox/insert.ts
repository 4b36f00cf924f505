import { createHash } from 'node:crypto';
import type { Store } from '@halfopen/store';

/**
 * `INSERT INTO target SELECT ...`. With an identity the engine takes the row once, however often it is written.
 *
 * @param target table and columns
 * @param params bound in the statement
 */
export async function insertOnce(
  store: Store,
  target: string,
  select: string,
  params: Readonly<Record<string, unknown>>,
  identity?: string,
): Promise<void> {
  const token =
    identity === undefined
      ? ''
      : ` SETTINGS insert_deduplication_token = '${createHash('sha256').update(identity).digest('hex')}', deduplicate_insert_select = 'enable_even_for_bad_queries'`;
  await store.command(`INSERT INTO ${target}${token} ${select}`, { params });
}
