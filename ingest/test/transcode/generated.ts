import fc, { type Arbitrary } from 'fast-check';
import { delimited, double, fixed32, fixed64, varint } from './wire-bytes.js';

/**
 * Trace requests as bytes: each message a list of fields in any order, any of them absent or repeated, unknown ones
 * among them, with values that encoders make and values that only the wire format allows.
 */
type Field = Arbitrary<Uint8Array>;

const asciiText = fc.string({ unit: 'binary-ascii', maxLength: 40 }).map((text) => Buffer.from(text));
const anyText = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text));
const longText = fc
  .string({ unit: 'binary', minLength: 90, maxLength: 300 })
  .map((text) => Buffer.from(text));
const awkwardText = fc
  .constantFrom(
    '\ufeffmark first',
    'a\u2028b\u2029c',
    '"\\\b\f\n\r\t\u0000\u001f\u007f',
    '<&>',
    'x'.repeat(101),
  )
  .map((text) => Buffer.from(text));
const noUtf8 = fc.uint8Array({ maxLength: 150 });
const cutUtf8 = anyText.chain((text) => fc.nat(text.length).map((at) => text.subarray(0, at)));
const text = fc.oneof(asciiText, anyText, longText, awkwardText, noUtf8, cutUtf8);

const key = fc.oneof(
  fc.constantFrom('service.name', 'channel.id', 'frame.seq', '').map((name) => Buffer.from(name)),
  text,
);
const id = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.uint8Array({ minLength: 8, maxLength: 8 }),
  fc.constantFrom(Buffer.alloc(0), Buffer.alloc(8), Buffer.alloc(16)),
  fc.uint8Array({ maxLength: 20 }),
);
const edges = [2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 10n ** 9n, 10n ** 18n];
const uint64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc
    .tuple(fc.constantFrom(...edges), fc.bigInt({ min: -2n, max: 2n }))
    .map(([edge, offset]) => edge + offset),
  fc
    .tuple(fc.constantFrom(...edges), fc.bigInt({ min: -2n, max: 2n }))
    .map(([edge, offset]) => offset - edge),
);
const anyDouble = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 1e-6, 1e-7, 1e20, 1e21, -1e21, 2 ** 53, Number.MAX_VALUE, Number.MIN_VALUE),
);
const smallTime = fc.bigInt({ min: 1_790_856_000_000_000_000n, max: 1_790_856_000_000_000_100n });
const time = fc.oneof(smallTime, uint64);

const unknown: Field = fc.oneof(
  uint64.map((value) => varint(100, value)),
  uint64.map((value) => fixed64(17_000, value)),
  fc.nat().map((value) => fixed32(99, value)),
  text.map((value) => delimited(2 ** 29 - 1, value)),
);

function message(...fields: Field[]): Arbitrary<Uint8Array> {
  return fc.array(fc.oneof(...fields, unknown), { maxLength: 8 }).map((parts) => Buffer.concat(parts));
}

/** As `message`, with `only` at most once, since protobuf would merge its occurrences and the transcoder does not. */
function messageWithOne(only: Field, ...fields: Field[]): Arbitrary<Uint8Array> {
  const before = fc.array(fc.oneof(...fields, unknown), { maxLength: 2 });
  const after = fc.array(fc.oneof(...fields, unknown), { maxLength: 1 });
  return fc
    .tuple(before, fc.option(only, { nil: Buffer.of() }), after)
    .map(([first, one, last]) => Buffer.concat([...first, one, ...last]));
}

function nested(field: number, body: Arbitrary<Uint8Array>): Field {
  return body.map((bytes) => delimited(field, bytes));
}

const scalarMembers: Field[] = [
  text.map((value) => delimited(1, value)),
  fc.constantFrom(0n, 1n, 2n ** 40n).map((value) => varint(2, value)),
  uint64.map((value) => varint(3, value)),
  anyDouble.map((value) => double(4, value)),
  fc.uint8Array({ maxLength: 10 }).map((value) => delimited(7, value)),
];
const scalarValue = message(...scalarMembers);

const { keyValue } = fc.letrec<{ value: Uint8Array; keyValue: Uint8Array; container: Uint8Array }>((tie) => ({
  container: fc.oneof(
    nested(5, message(nested(1, tie('value')))),
    nested(6, message(nested(1, tie('keyValue')))),
  ),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalarValue,
    messageWithOne(tie('container'), ...scalarMembers),
  ),
  keyValue: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    messageWithOne(nested(2, scalarValue), nested(1, key)),
    messageWithOne(nested(2, tie('value')), nested(1, key), nested(2, scalarValue)),
  ),
}));

/** As nearly all attributes are: a key, then a string. */
const plainKeyValue = fc
  .tuple(key, text)
  .map(([k, v]) => Buffer.concat([delimited(1, k), delimited(2, delimited(1, v))]));
const attribute = fc.oneof(plainKeyValue, { arbitrary: keyValue, weight: 3 });

const event = message(
  time.map((value) => fixed64(1, value)),
  nested(2, text),
  nested(3, attribute),
  droppedCount(4),
);
const link = message(nested(1, id), nested(2, id), nested(3, text), nested(4, attribute));
const status = message(nested(2, text), enumField(3));
const span = message(
  nested(1, id),
  nested(2, id),
  nested(3, text),
  nested(4, id),
  nested(5, text),
  enumField(6),
  time.map((value) => fixed64(7, value)),
  time.map((value) => fixed64(8, value)),
  nested(9, attribute),
  nested(11, event),
  nested(13, link),
  nested(15, status),
  fc.nat().map((value) => fixed32(16, value)),
);
const resource = message(nested(1, attribute), droppedCount(2));
const scope = message(nested(1, text), nested(2, text), nested(3, attribute));
const scopeSpans = message(nested(1, scope), nested(2, span), nested(2, span), nested(3, text));
const resourceSpans = message(
  nested(1, resource),
  nested(2, scopeSpans),
  nested(2, scopeSpans),
  nested(3, text),
);

export const traceRequest = message(nested(1, resourceSpans));

function enumField(field: number): Field {
  return fc.constantFrom(0n, 1n, 2n, 3n, 4n, 5n, 6n, 99n, -1n).map((value) => varint(field, value));
}

function droppedCount(field: number): Field {
  return uint64.map((value) => varint(field, value));
}
