import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { WireError, WireReader, WireType, type WireErrorCode } from '../src/wire.js';

/** An unsigned varint, written digit by digit to base 128. */
function varintBytes(value: bigint): number[] {
  const rest = value >> 7n;
  const digit = Number(value & 0x7fn);
  return rest === 0n ? [digit] : [digit | 0x80, ...varintBytes(rest)];
}

function tag(field: number, wireType: number): number[] {
  return varintBytes(BigInt(field) * 8n + BigInt(wireType));
}

/** A reader on these bytes, its first field announced. They lie in the midst of others, which it must not read. */
function firstField(...bytes: number[]): WireReader {
  const reader = readerOf(bytes);
  assert.ok(reader.next());
  return reader;
}

function readerOf(bytes: Iterable<number>): WireReader {
  const message = [...bytes];
  const surrounded = Uint8Array.of(0xff, ...message, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01);
  const reader = new WireReader();
  reader.reset(surrounded.subarray(1, 1 + message.length));
  return reader;
}

function refused(code: WireErrorCode, read: () => unknown): void {
  assert.throws(read, (error) => error instanceof WireError && error.code === code);
}

const uint64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.nat(70).map((bits) => BigInt.asUintN(64, 2n ** BigInt(bits) - 1n)),
);
const fieldNumber = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 ** 29 - 1 }));

function halves(value: bigint): { lo: number; hi: number } {
  return { lo: Number(BigInt.asIntN(32, value)), hi: Number(BigInt.asIntN(32, value >> 32n)) };
}

test('reads field numbers and varints of all sizes', () => {
  fc.assert(
    fc.property(fieldNumber, uint64, (field, value) => {
      const reader = firstField(...tag(field, WireType.varint), ...varintBytes(value));
      assert.equal(reader.field, field);
      assert.equal(reader.varint(), halves(value).lo);
      assert.deepEqual({ lo: reader.lo, hi: reader.hi }, halves(value));
      assert.equal(reader.next(), false);
    }),
  );
});

test('reads fixed widths and doubles', () => {
  const bytes = Buffer.alloc(8);
  fc.assert(
    fc.property(uint64, fc.double(), fc.nat(2 ** 32 - 1), (integer, double, word) => {
      bytes.writeBigUInt64LE(integer);
      const fixed = firstField(...tag(1, WireType.fixed64), ...bytes);
      fixed.fixed64();
      assert.deepEqual({ lo: fixed.lo, hi: fixed.hi }, halves(integer));
      bytes.writeDoubleLE(double);
      assert.equal(firstField(...tag(1, WireType.fixed64), ...bytes).double(), double);
      bytes.writeUInt32LE(word);
      assert.equal(firstField(...tag(1, WireType.fixed32), ...bytes.subarray(0, 4)).fixed32(), word);
    }),
  );
});

test('steps over a field of any wire type, to the next one', () => {
  const fields = [
    [...tag(1, WireType.varint), ...varintBytes(2n ** 64n - 1n)],
    [...tag(1, WireType.fixed64), 1, 2, 3, 4, 5, 6, 7, 8],
    [...tag(1, WireType.delimited), 3, 1, 2, 3],
    [...tag(1, WireType.delimited), ...varintBytes(300n), ...Buffer.alloc(300)],
    [...tag(1, WireType.fixed32), 1, 2, 3, 4],
  ];
  for (const field of fields) {
    const reader = firstField(...field, ...tag(2, WireType.varint), 7);
    reader.skip();
    assert.ok(reader.next());
    assert.equal(reader.field, 2);
    assert.equal(reader.varint(), 7);
  }
});

test('goes into a submessage and out again, read to its end or not', () => {
  const inner = [...tag(1, WireType.varint), 5, ...tag(2, WireType.varint), 6];
  for (const fieldsRead of [0, 1, 2]) {
    const reader = firstField(
      ...tag(3, WireType.delimited),
      inner.length,
      ...inner,
      ...tag(4, WireType.varint),
      7,
    );
    const outerEnd = reader.enter();
    for (let i = 0; i < fieldsRead; i += 1) {
      assert.ok(reader.next());
      assert.equal(reader.varint(), 5 + i);
    }
    if (fieldsRead === 2) assert.equal(reader.next(), false);
    reader.leave(outerEnd);
    assert.ok(reader.next());
    assert.equal(reader.field, 4);
  }
});

test('a varint has at most 10 bytes and 64 bits', () => {
  const ff = (count: number) => Array<number>(count).fill(0xff);
  assert.equal(firstField(...tag(1, WireType.varint), ...ff(9), 1).varint(), -1);
  refused('varint-too-long', () => firstField(...tag(1, WireType.varint), ...ff(9), 2).varint());
  refused('varint-too-long', () => firstField(...tag(1, WireType.varint), ...ff(10), 1).varint());
  refused('varint-too-long', () => {
    firstField(...tag(1, WireType.varint), ...ff(10), 1).skip();
  });
  refused('varint-too-long', () => readerOf(ff(11)).next());
});

test('a varint may be longer than it need be', () => {
  assert.equal(firstField(...tag(1, WireType.varint), 0x85, 0x80, 0x00).varint(), 5);
  assert.equal(firstField(...tag(1, WireType.delimited), 0x81, 0x00, 65).delimited(), 1);
});

test('a length reaches no further than the message around it', () => {
  for (const length of [
    2n,
    127n,
    128n,
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 32n,
    2n ** 32n + 1n,
    2n ** 63n,
    2n ** 64n - 1n,
  ]) {
    const bytes = [...tag(1, WireType.delimited), ...varintBytes(length), 65];
    refused('length-out-of-bounds', () => firstField(...bytes).delimited());
    refused('length-out-of-bounds', () => firstField(...bytes).enter());
    refused('length-out-of-bounds', () => {
      firstField(...bytes).skip();
    });
  }
  // The same within a submessage that ends before the bytes do.
  const reader = firstField(...tag(1, WireType.delimited), 2, ...tag(2, WireType.delimited), 1, 65);
  reader.enter();
  assert.ok(reader.next());
  refused('length-out-of-bounds', () => reader.delimited());
});

test('a value cut short is refused', () => {
  const fields = [
    [...tag(1, WireType.varint), 0x80, 0x80, 0x01],
    [...tag(1, WireType.fixed64), 1, 2, 3, 4, 5, 6, 7, 8],
    [...tag(1, WireType.fixed32), 1, 2, 3, 4],
    [...tag(1, WireType.delimited), 0x80],
    [...tag(1000, WireType.varint)],
  ];
  for (const field of fields) {
    for (let length = 1; length < field.length; length += 1) {
      const reader = readerOf(field.slice(0, length));
      refused('truncated', () => {
        reader.next();
        reader.skip();
      });
    }
  }
});

test('groups, wire types 6 and 7, field number 0 and numbers beyond 2^29 are refused', () => {
  for (const wireType of [3, 4, 6, 7]) refused('bad-wire-type', () => readerOf(tag(1, wireType)).next());
  refused('bad-field-number', () => readerOf(tag(0, WireType.varint)).next());
  refused('bad-field-number', () => readerOf(tag(2 ** 29, WireType.varint)).next());
});

test('a value is read in its own wire type only', () => {
  const text = [...tag(1, WireType.delimited), 1, 65];
  const integer = [...tag(1, WireType.varint), 1];
  refused('unexpected-wire-type', () => firstField(...text).varint());
  refused('unexpected-wire-type', () => {
    firstField(...text).fixed64();
  });
  refused('unexpected-wire-type', () => firstField(...text).double());
  refused('unexpected-wire-type', () => firstField(...text).fixed32());
  refused('unexpected-wire-type', () => firstField(...integer).delimited());
  refused('unexpected-wire-type', () => firstField(...integer).enter());
});

test('any bytes are read to their end or refused, never beyond', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const reader = readerOf(bytes);
      try {
        while (reader.next()) {
          reader.skip();
          assert.ok(reader.pos <= bytes.length);
        }
        assert.equal(reader.pos, bytes.length);
      } catch (error) {
        assert.ok(error instanceof WireError);
        assert.ok(error.offset <= bytes.length);
      }
    }),
    { numRuns: 5000 },
  );
});

test('an error says what, where and what would be right', () => {
  const message = 'malformed protobuf at byte 1: length 9, 1 bytes are left';
  assert.throws(() => firstField(...tag(1, WireType.delimited), 9, 65).delimited(), { message, offset: 1 });
});
