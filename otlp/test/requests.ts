/** Generated trace requests, in OTLP/JSON as the specification writes it. */
import fc from 'fast-check';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const uint32 = fc.nat({ max: 2 ** 32 - 1 });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const hex = (bytes: number) =>
  fc.oneof(
    fc.constant(''),
    fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((id) => Buffer.from(id).toString('hex')),
  );
const base64 = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('base64'));

/** Some of the fields, sometimes none. */
const some = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(fields, { requiredKeys: [] });

const { attributes } = fc.letrec<{ value: object; attribute: object; attributes: object[] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    some({ stringValue: text }),
    fc.boolean().map((boolValue) => ({ boolValue })),
    int64.map((intValue) => ({ intValue })),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((doubleValue) => ({ doubleValue })),
    base64.map((bytesValue) => ({ bytesValue })),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    tie('attributes').map((values) => ({ kvlistValue: { values } })),
  ),
  attribute: some({ key: text, value: tie('value') }),
  attributes: fc.array(tie('attribute'), { maxLength: 3 }),
}));

const event = some({ timeUnixNano: uint64, name: text, attributes, droppedAttributesCount: uint32 });
const link = some({
  traceId: hex(16),
  spanId: hex(8),
  traceState: text,
  attributes,
  droppedAttributesCount: uint32,
  flags: uint32,
});
const span = some({
  traceId: hex(16),
  spanId: hex(8),
  traceState: text,
  parentSpanId: hex(8),
  name: text,
  kind: fc.integer({ min: -1, max: 7 }),
  startTimeUnixNano: uint64,
  endTimeUnixNano: uint64,
  attributes,
  droppedAttributesCount: uint32,
  events: fc.array(event, { maxLength: 2 }),
  droppedEventsCount: uint32,
  links: fc.array(link, { maxLength: 2 }),
  droppedLinksCount: uint32,
  status: some({ message: text, code: fc.integer({ min: 0, max: 3 }) }),
  flags: uint32,
});
const scope = some({ name: text, version: text, attributes, droppedAttributesCount: uint32 });
const entityRef = some({ schemaUrl: text, type: text, idKeys: fc.array(text, { maxLength: 2 }) });
const resource = some({
  attributes,
  droppedAttributesCount: uint32,
  entityRefs: fc.array(entityRef, { maxLength: 2 }),
});
const scopeSpans = some({ scope, spans: fc.array(span, { maxLength: 3 }), schemaUrl: text });
const resourceSpans = some({ resource, scopeSpans: fc.array(scopeSpans, { maxLength: 2 }), schemaUrl: text });

export const requests = some({ resourceSpans: fc.array(resourceSpans, { maxLength: 2 }) });

/** One request with every field, in two ResourceSpans. */
export const goldenRequest = {
  resourceSpans: [
    {
      resource: {
        attributes: [{ key: 'service.name', value: { stringValue: 'control-server' } }],
        droppedAttributesCount: 1,
        entityRefs: [{ schemaUrl: 's', type: 'host', idKeys: ['a'], descriptionKeys: ['b', 'c'] }],
      },
      scopeSpans: [
        {
          scope: {
            name: 'shim',
            version: '1.0',
            attributes: [{ key: 'k', value: {} }],
            droppedAttributesCount: 2,
          },
          spans: [
            {
              traceId: 'e43b9145a24d4c7aec2b049771de00da',
              spanId: 'ba72fbf129ef4b7e',
              traceState: 'a=b',
              parentSpanId: '46bfe23001892a41',
              name: 'frame.socket_write',
              kind: 4,
              startTimeUnixNano: '1790856000042303001',
              endTimeUnixNano: '18446744073709551615',
              attributes: [
                { key: 'channel.id', value: { stringValue: 'agent-17' } },
                { key: 'bool', value: { boolValue: true } },
                { key: 'int', value: { intValue: '-9223372036854775808' } },
                { key: 'double', value: { doubleValue: 0.1 } },
                { key: 'bytes', value: { bytesValue: 'AAEC/w==' } },
                {
                  key: 'array',
                  value: { arrayValue: { values: [{ stringValue: 'x' }, { intValue: '1' }] } },
                },
                {
                  key: 'kv',
                  value: { kvlistValue: { values: [{ key: 'a', value: { boolValue: false } }] } },
                },
              ],
              droppedAttributesCount: 3,
              events: [{ timeUnixNano: '5', name: 'e', attributes: [], droppedAttributesCount: 4 }],
              droppedEventsCount: 5,
              links: [
                {
                  traceId: '00112233445566778899aabbccddeeff',
                  spanId: '0011223344556677',
                  traceState: 'c=d',
                  attributes: [{ key: 'l', value: { stringValue: 'm' } }],
                  droppedAttributesCount: 6,
                  flags: 1,
                },
              ],
              droppedLinksCount: 7,
              status: { message: 'bad', code: 2 },
              flags: 257,
            },
          ],
          schemaUrl: 'https://example/1',
        },
      ],
      schemaUrl: 'https://example/2',
    },
    { scopeSpans: [{ spans: [{ name: 'channel.state' }, { name: 'x'.repeat(300) }] }] },
  ],
};
