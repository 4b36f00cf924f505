/** Reads ClickHouse's Native format as clickhouse-go does at revision 0: no block info, no byte behind the types. */

export interface Table {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Of one block or more. */
export function readNative(bytes: Buffer): Table {
  const reader = new Reader(bytes);
  let names: string[] = [];
  let types: string[] = [];
  const rows: unknown[][] = [];
  while (!reader.ended) {
    const columns = reader.varint();
    const count = reader.varint();
    [names, types] = [[], []];
    const block = Array.from({ length: columns }, () => {
      names.push(reader.string());
      const type = reader.string();
      types.push(type);
      return readColumn(reader, type, count);
    });
    for (let row = 0; row < count; row++) rows.push(block.map((column) => column[row]));
  }
  return { names, types, rows };
}

export class Reader {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  get ended(): boolean {
    return this.#at === this.bytes.length;
  }

  take(length: number): Buffer {
    if (this.#at + length > this.bytes.length) throw new Error(`ends at ${this.bytes.length}, in a value`);
    return this.bytes.subarray(this.#at, (this.#at += length));
  }

  varint(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.take(1).readUInt8();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  }

  string(): string {
    return this.take(this.varint()).toString();
  }
}

const FIXED: Readonly<Record<string, (reader: Reader) => unknown>> = {
  String: (reader) => reader.string(),
  Bool: (reader) => reader.take(1).readUInt8() === 1,
  UInt8: (reader) => reader.take(1).readUInt8(),
  UInt16: (reader) => reader.take(2).readUInt16LE(),
  UInt32: (reader) => reader.take(4).readUInt32LE(),
  UInt64: (reader) => reader.take(8).readBigUInt64LE(),
  Int32: (reader) => reader.take(4).readInt32LE(),
  Int64: (reader) => reader.take(8).readBigInt64LE(),
  Float64: (reader) => reader.take(8).readDoubleLE(),
  DateTime: (reader) => reader.take(4).readUInt32LE(),
  DateTime64: (reader) => reader.take(8).readBigInt64LE(),
};

function readColumn(reader: Reader, type: string, rows: number): unknown[] {
  const [, outer = type, inner = ''] = /^(\w+)\((.*)\)$/.exec(type) ?? [];
  switch (outer) {
    case 'Array':
      return readArray(reader, inner, rows);
    case 'Map':
      return readArray(reader, `Tuple(${inner})`, rows).map(
        (pairs) => new Map(pairs as [unknown, unknown][]),
      );
    case 'Tuple': {
      const columns = parts(inner).map((part) => readColumn(reader, part.replace(/^\w+ /, ''), rows));
      return Array.from({ length: rows }, (_, row) => columns.map((column) => column[row]));
    }
    case 'LowCardinality':
      return rows === 0 ? [] : readLowCardinality(reader, inner);
    case 'Nullable': {
      const nulls = [...reader.take(rows)];
      return readColumn(reader, inner, rows).map((value, row) => (nulls[row] === 1 ? null : value));
    }
    default: {
      const read = FIXED[outer];
      if (read === undefined) throw new Error(`no reader for ${type}`);
      return Array.from({ length: rows }, () => read(reader));
    }
  }
}

function readArray(reader: Reader, inner: string, rows: number): unknown[][] {
  const ends = Array.from({ length: rows }, () => Number(reader.take(8).readBigUInt64LE()));
  const values = readColumn(reader, inner, ends.at(-1) ?? 0);
  return ends.map((end, row) => values.slice(ends[row - 1] ?? 0, end));
}

function readLowCardinality(reader: Reader, inner: string): unknown[] {
  reader.take(8); // version
  const width = 2 ** Number(reader.take(8).readBigUInt64LE() & 0xffn);
  const keys = readColumn(reader, inner, Number(reader.take(8).readBigUInt64LE()));
  const rows = Number(reader.take(8).readBigUInt64LE());
  return Array.from({ length: rows }, () => keys[reader.take(width).readUIntLE(0, width)]);
}

/** `a String, b Map(String, String)`, cut at the outer commas. */
function parts(inner: string): string[] {
  const found: string[] = [];
  let [depth, begin] = [0, 0];
  for (let at = 0; at <= inner.length; at++) {
    const letter = inner[at];
    if (letter === '(') depth++;
    else if (letter === ')') depth--;
    else if (letter === undefined || (letter === ',' && depth === 0)) {
      found.push(inner.slice(begin, at).trim());
      begin = at + 1;
    }
  }
  return found;
}
