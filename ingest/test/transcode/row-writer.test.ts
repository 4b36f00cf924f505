import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RowLimitError, RowWriter } from '../../src/transcode/row-writer.js';
import { readRows } from './row-binary.js';

function stringWritten(write: (writer: RowWriter) => void): unknown {
  const writer = new RowWriter();
  write(writer);
  const rows = readRows(writer.rows(), [{ name: 'value', type: 'String' }]);
  assert.equal(rows.length, 1);
  return rows[0]?.['value'];
}

/** The bytes in the midst of others, as in a message. */
function within(bytes: Uint8Array): { source: DataView; start: number; length: number } {
  const surrounded = Buffer.concat([Buffer.from('äbefore'), bytes, Buffer.from('behindä')]);
  const source = new DataView(surrounded.buffer, surrounded.byteOffset + 1, surrounded.length - 1);
  return { source, start: 7, length: bytes.length };
}

test('integers read in decimal as BigInt writes them', () => {
  const near = (edge: bigint) => fc.bigInt({ min: edge - 3n, max: edge + 3n });
  const edges = [
    0n,
    10n ** 9n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n,
    10n ** 18n,
    2n ** 63n - 4n,
    -(2n ** 53n),
    -(2n ** 63n) + 3n,
  ];
  const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), ...edges.map(near));
  const powers = fc
    .tuple(fc.nat(18), fc.integer({ min: -1, max: 1 }))
    .map(([e, d]) => 10n ** BigInt(e) + BigInt(d));
  fc.assert(
    fc.property(fc.oneof(int64, powers), (value) => {
      const lo = Number(BigInt.asIntN(32, value));
      const hi = Number(BigInt.asIntN(32, value >> 32n));
      assert.equal(
        stringWritten((writer) => {
          writer.integer(lo, hi);
        }),
        value.toString(),
      );
    }),
    { numRuns: 2000 },
  );
});

test('strings are copied, and what is no UTF-8 is replaced as the WHATWG decoder does', () => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const text = fc.string({ unit: 'binary', maxLength: 200 }).map((value) => Buffer.from(value));
  const cut = text.chain((bytes) => fc.nat(bytes.length).map((at) => bytes.subarray(0, at)));
  fc.assert(
    fc.property(fc.oneof(text, cut, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      const { source, start, length } = within(bytes);
      const written = stringWritten((writer) => {
        writer.string(source, start, length);
      });
      assert.equal(written, decoder.decode(bytes));
    }),
    { numRuns: 2000 },
  );
});

test('every byte at every place of a word is seen to be ASCII or not', () => {
  for (let length = 1; length <= 9; length += 1) {
    for (let at = 0; at < length; at += 1) {
      const bytes = Buffer.alloc(length, 'a');
      bytes[at] = 0x80;
      const { source, start } = within(bytes);
      const expected = `${'a'.repeat(at)}\ufffd${'a'.repeat(length - at - 1)}`;
      assert.equal(
        stringWritten((writer) => {
          writer.string(source, start, length);
        }),
        expected,
      );
    }
  }
});

test('ids read as lower-case hex', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const { source, start, length } = within(bytes);
      const written = stringWritten((writer) => {
        writer.hex(source, start, length);
      });
      assert.equal(written, Buffer.from(bytes).toString('hex'));
    }),
  );
});

test('any write may be the one that needs more room', () => {
  const { source, start } = within(Buffer.from('text'));
  const writes: ((writer: RowWriter) => void)[] = [
    (writer) => {
      writer.count(0);
    },
    (writer) => {
      writer.count(2 ** 31 - 1);
    },
    (writer) => {
      writer.uint32(1);
    },
    (writer) => {
      writer.int64(1, 2);
    },
    (writer) => {
      writer.time(1, 2);
    },
    (writer) => {
      writer.integer(-5, -1);
    },
    (writer) => {
      writer.string(source, start, 4);
    },
    (writer) => {
      writer.hex(source, start, 4);
    },
    (writer) => {
      writer.text('text');
    },
    (writer) => {
      writer.encoded(Buffer.from('text'));
    },
  ];
  for (const write of writes) {
    const small = new RowWriter();
    write(small);
    for (let room = 0; room <= 10; room += 1) {
      const full = new RowWriter();
      full.encoded(Buffer.alloc(64 * 1024 - room));
      write(full);
      assert.deepEqual(full.rows().subarray(64 * 1024 - room), small.rows());
    }
  }
});

test('grows to its bound and no further; what does not fit leaves what is there', () => {
  const writer = new RowWriter(100_000);
  const kilobyte = Buffer.alloc(1000, 1);
  for (let i = 0; i < 100; i += 1) writer.encoded(kilobyte);
  assert.throws(
    () => {
      writer.count(1);
    },
    (error) => error instanceof RowLimitError && error.bytesMax === 100_000,
  );
  assert.deepEqual(writer.rows(), Buffer.alloc(100_000, 1));
});

test('starts over when cleared, also behind very large rows', () => {
  const writer = new RowWriter();
  writer.encoded(Buffer.alloc(40 * 1024 * 1024));
  writer.clear();
  writer.text('next');
  assert.deepEqual(writer.rows(), Buffer.from('\x04next'));
});
