import assert from 'node:assert/strict';
import type { RowBatch, Store } from '@halfopen/store';

/** What the engine promises, without the engine: each table drops a block whose token it has seen, whatever is in it. */
export class ModelStore implements Store {
  /** How many ids each look-up asked for. */
  readonly lookUps: number[] = [];
  readonly #blocks = new Map<string, Map<string, Uint8Array>>();

  insert(batch: RowBatch, token: string): Promise<void> {
    const table = this.#blocks.get(batch.table) ?? new Map<string, Uint8Array>();
    this.#blocks.set(batch.table, table);
    assert.ok(batch.rows > 0, 'an insert has rows');
    if (!table.has(token)) table.set(token, Buffer.concat(batch.chunks));
    return Promise.resolve();
  }

  /** The ledger's look-up, the only query there is. */
  query<Row>(sql: string, options?: { readonly params?: Readonly<Record<string, unknown>> }): Promise<Row[]> {
    assert.match(sql, /FROM ingest_ledger/);
    const { ids, startsS, token } = options?.params as { ids: string[]; startsS: number[]; token: string };
    this.lookUps.push(ids.length);
    const found = this.ledger().filter((row) => {
      return ids.includes(row.batchId) && startsS.includes(row.startedAtS) && row.token !== token;
    });
    return Promise.resolve(found.map(({ batchId }) => ({ batchId }) as Row));
  }

  command(): Promise<void> {
    return Promise.reject(new Error('ingest issues no commands'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  tokens(table: string): string[] {
    return [...(this.#blocks.get(table)?.keys() ?? [])];
  }

  bytes(table: string): Buffer {
    return Buffer.concat([...(this.#blocks.get(table)?.values() ?? [])]);
  }

  ledger(): LedgerRow[] {
    const bytes = this.bytes('ingest_ledger');
    const rows: LedgerRow[] = [];
    for (let at = 0; at < bytes.length;) {
      const tokenBytes = bytes.readUInt8(at + 20);
      const tokenEnd = at + 21 + tokenBytes;
      rows.push({
        startedAtS: bytes.readUInt32LE(at),
        batchId: bytes.toString('hex', at + 4, at + 20),
        token: bytes.toString('utf8', at + 21, tokenEnd),
        spans: bytes.readUInt32LE(tokenEnd),
        insertedAtS: bytes.readUInt32LE(tokenEnd + 4),
      });
      at = tokenEnd + 8;
    }
    return rows;
  }
}

export interface LedgerRow {
  readonly startedAtS: number;
  readonly batchId: string;
  readonly token: string;
  readonly spans: number;
  readonly insertedAtS: number;
}
