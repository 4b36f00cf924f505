import assert from 'node:assert/strict';
import { ATTRIBUTES, type AttributeName, SPAN_NAMES, type SpanName } from '@halfopen/telemetry';

/** A span, however it was told of. */
export interface ContractSpan {
  readonly name: string;
  /** In any unit, from any instant. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly raw: { readonly traceId: string; readonly spanId: string };
}

/** It carries names, types and values of the contract, and nothing else. */
export function assertContractual({ name, start, end, attributes, raw }: ContractSpan): void {
  assert.ok((SPAN_NAMES as readonly string[]).includes(name), name);
  assert.match(raw.traceId, /^[0-9a-f]{32}$/);
  assert.match(raw.spanId, /^[0-9a-f]{16}$/);
  assert.ok(start <= end, `${name} ends before it starts`);
  for (const [key, value] of Object.entries(attributes)) {
    assert.ok(Object.hasOwn(ATTRIBUTES, key), `${key} is no name of the contract`);
    const { type, spans, values, open } = ATTRIBUTES[key as AttributeName];
    const expected = type === 'int' || type === 'double' ? 'number' : type === 'bool' ? 'boolean' : type;
    assert.equal(typeof value, expected, key);
    if (type === 'int') assert.ok(Number.isSafeInteger(value) && Number(value) >= 0, `${key}: ${value}`);
    assert.ok(spans.includes(name as SpanName), `${key} on ${name}`);
    if (values !== undefined && open !== true) assert.ok(values.includes(String(value)), `${key}: ${value}`);
  }
  assert.ok('channel.end' in attributes);
  assert.ok('channel.id' in attributes || name === 'listener.state');
}
