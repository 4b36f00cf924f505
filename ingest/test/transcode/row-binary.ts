/** Reads RowBinary into plain values, slowly and by the column types alone: integers of 64 bits as bigint. */

export type Value = string | number | bigint | Value[] | [Value, Value][];
export type Row = Record<string, Value>;

export function readRows(bytes: Uint8Array, columns: readonly { name: string; type: string }[]): Row[] {
  const cursor = new Cursor(bytes);
  const rows: Row[] = [];
  while (!cursor.atEnd()) {
    rows.push(Object.fromEntries(columns.map(({ name, type }) => [name, readValue(cursor, type)])));
  }
  return rows;
}

function readValue(cursor: Cursor, type: string): Value {
  switch (type) {
    case 'String':
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(cursor.take(cursor.count()));
    case 'DateTime64(9)':
      return cursor.take(8).readBigInt64LE();
    case 'UInt64':
      return cursor.take(8).readBigUInt64LE();
    case 'DateTime':
      return cursor.take(4).readUInt32LE();
    case 'Map(String, String)':
      return readMany(cursor, () => [readValue(cursor, 'String'), readValue(cursor, 'String')]);
    default: {
      const item = /^Array\((.*)\)$/.exec(type)?.[1];
      if (item === undefined) throw new Error(`no reader for type ${type}`);
      return readMany(cursor, () => readValue(cursor, item));
    }
  }
}

function readMany(cursor: Cursor, read: () => Value): Value[] {
  return Array.from({ length: cursor.count() }, read);
}

class Cursor {
  private readonly bytes: Buffer;
  private pos = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes);
  }

  atEnd(): boolean {
    return this.pos === this.bytes.length;
  }

  take(length: number): Buffer {
    if (this.pos + length > this.bytes.length) throw new Error(`rows end within a value at byte ${this.pos}`);
    this.pos += length;
    return this.bytes.subarray(this.pos - length, this.pos);
  }

  count(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.take(1).readUInt8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }
}
