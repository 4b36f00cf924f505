import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { headerCodec, lengthPrefix, ndjson, qtx1, varintPrefix, type FrameCodec } from '../../src/index.js';
import { BOUNDS, cut, cuts, ENCODERS, json, scan } from './scanning.js';

const CODECS = [qtx1, lengthPrefix, varintPrefix, ndjson];
const MAGIC = Buffer.from('51545801', 'hex');

function encode({ name }: FrameCodec, payloads: readonly Buffer[]): Buffer {
  return Buffer.concat(payloads.map((payload) => ENCODERS[name]!(payload)));
}

/** What `json` gives has no line feed in it. */
const payloads = fc.array(json, { maxLength: 12 });

for (const codec of CODECS) {
  test(`${codec.name}: any frames in any cut are found, each as it was and as long`, () => {
    fc.assert(
      fc.property(payloads, cuts, (sent, at) => {
        const { frames, garbage } = scan(codec, cut(encode(codec, sent), at));
        const expected = sent.map((payload) => [payload.toString('latin1'), encode(codec, [payload]).length]);
        assert.deepEqual(frames, expected);
        assert.deepEqual(garbage, []);
      }),
    );
  });

  test(`${codec.name}: of bytes of any sort, in any cut, the same is told, and each byte is told of once`, () => {
    const bytes = fc
      .array(
        fc.oneof(
          json.map((payload) => encode(codec, [payload])),
          fc.uint8Array({ maxLength: 12 }),
        ),
        { maxLength: 20 },
      )
      .map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(bytes, cuts, (stream, at) => {
        const whole = scan(codec, [stream]);
        const pieces = scan(codec, cut(stream, at));
        assert.deepEqual(pieces.frames, whole.frames);
        assert.equal(pieces.skipped, whole.skipped);
        const told = whole.frames.reduce((sum, [, size]) => sum + size, whole.skipped);
        if (codec !== ndjson) assert.equal(told, stream.length);
        else
          assert.ok(
            told <= stream.length && told >= stream.length - lines(stream) * 2,
            'all but empty lines',
          );
      }),
    );
  });

  test(`${codec.name}: what is longer than is described is counted without its payload, and what claims more is garbage`, () => {
    const bounds = { frameBytesMax: 40, describedBytesMax: 20 };
    const sizes = [10, 20, 21, 40, 41, 5];
    const sent = sizes.map((size) => Buffer.from('7'.repeat(size)));
    fc.assert(
      fc.property(cuts, (at) => {
        const { frames, garbage } = scan(codec, cut(encode(codec, sent), at), bounds);
        const overhead = encode(codec, [Buffer.alloc(0)]).length;
        assert.deepEqual(
          frames.map(([payload, size]) => [payload?.length, size - overhead]),
          [
            [10, 10],
            [20, 20],
            [undefined, 21],
            [undefined, 40],
            [5, 5],
          ],
        );
        assert.equal(garbage[0]?.[1], 'length_over_limit');
      }),
    );
  });

  test(`${codec.name}: a stream that ends within a frame leaves what had come of it as garbage`, () => {
    const whole = encode(codec, [Buffer.from('"first"')]);
    const second = encode(codec, [Buffer.from('"second"')]);
    for (let length = 1; length < second.length; length++) {
      const { frames, garbage } = scan(codec, [Buffer.concat([whole, second.subarray(0, length)])]);
      assert.equal(frames.length, 1);
      assert.deepEqual(garbage, [[length, 'truncated']]);
    }
  });
}

function lines(stream: Buffer): number {
  return stream.toString('latin1').split('\n').length;
}

test('qtx1: a reader that begins in the midst of old bytes finds the next magic, and says what it skipped', () => {
  const garbage = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(garbage, payloads, cuts, (before, sent, at) => {
      const stream = Buffer.concat([before, encode(qtx1, sent)]);
      fc.pre(sent.length > 0 && stream.indexOf(MAGIC) === before.length);
      const { frames, skipped, garbage: told } = scan(qtx1, cut(stream, at));
      assert.equal(frames.length, sent.length);
      assert.equal(skipped, before.length);
      assert.ok(told.every(([, reason]) => reason === 'no_magic'));
    }),
  );
});

test('qtx1: the magic alone, cut anywhere and broken off, is no frame', () => {
  const text = Buffer.from('QTX\u0001QTQQTX\u0001', 'latin1');
  const { frames, skipped } = scan(qtx1, cut(text, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
  assert.deepEqual([frames, skipped], [[], text.length]);
});

test('length and varint prefixes: after garbage the first frame that can be read is one again', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', '/', '<', '{', ' '),
    minLength: 1,
    maxLength: 50,
  });
  fc.assert(
    fc.property(text, payloads, cuts, (before, sent, at) => {
      const stream = Buffer.concat([
        encode(lengthPrefix, sent),
        Buffer.from(before),
        encode(lengthPrefix, sent),
      ]);
      const { frames, skipped } = scan(lengthPrefix, cut(stream, at));
      assert.equal(frames.length, 2 * sent.length);
      assert.equal(skipped, before.length);
    }),
  );
  const overlong = Buffer.from('ffffffffff', 'hex');
  const found = Array.from({ length: 200 }, (_, n) => Buffer.from(`{"number":${n}}`));
  const stream = Buffer.concat([overlong, encode(varintPrefix, found)]);
  const scanned = scan(varintPrefix, cut(stream, [3, 4, 5, 6, 300]));
  assert.deepEqual(
    scanned.frames.map(([payload]) => payload),
    found.map(String),
  );
  assert.equal(scanned.skipped, overlong.length);
  assert.equal(scan(varintPrefix, [overlong]).garbage[0]?.[1], 'bad_length');
});

test('where nothing can be found again, it is tried seldom', () => {
  let tries = 0;
  const sink = {
    frame: () => undefined,
    reads: () => {
      tries++;
      return false;
    },
    garbage: () => undefined,
  };
  const scanner = varintPrefix.scanner(sink, BOUNDS);
  scanner.scan(Buffer.from('ffffffffff', 'hex'));
  for (let n = 0; n < 100; n++) scanner.scan(Buffer.alloc(10_000, 0x20));
  assert.ok(tries > 256 && tries < 10_000, `${tries} of a million`);
});

test('a length that a peer only claims takes no memory', () => {
  const before = process.memoryUsage().arrayBuffers;
  const bounds = { frameBytesMax: 2 ** 32, describedBytesMax: 2 ** 31 };
  const scanners = Array.from({ length: 1_000 }, () => {
    const scanner = lengthPrefix.scanner(
      { frame: () => undefined, reads: () => true, garbage: () => undefined },
      bounds,
    );
    scanner.scan(Buffer.from('7fffffff00', 'hex'));
    return scanner;
  });
  assert.ok(process.memoryUsage().arrayBuffers - before < 16_777_216, `${scanners.length} scanners`);
});

test('ndjson: carriage returns are no part of a frame, empty lines are none', () => {
  const { frames, garbage } = scan(ndjson, [Buffer.from('{"a":1}\r\n\n\r\n[2]\n')]);
  assert.deepEqual(frames, [
    ['{"a":1}', 9],
    ['[2]', 4],
  ]);
  assert.deepEqual(garbage, []);
});

test("a codec of the application's own is one small object", () => {
  const own = headerCodec({
    name: 'letter-and-digit',
    headerBytesMax: 2,
    magic: Buffer.from('#'),
    readHeader(bytes, at) {
      if (bytes[at] !== 0x23) return { malformed: 'no_hash' };
      const digit = bytes[at + 1];
      return digit === undefined ? 'incomplete' : { headerBytes: 2, payloadBytes: digit - 0x30 };
    },
  });
  const stream = Buffer.from('#3abc??#0#1z');
  for (let at = 0; at <= stream.length; at++) {
    const { frames, skipped } = scan(own, cut(stream, [at]), BOUNDS);
    assert.deepEqual(frames, [
      ['abc', 5],
      ['', 2],
      ['z', 3],
    ]);
    assert.equal(skipped, 2);
  }
});
