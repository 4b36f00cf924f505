import assert from 'node:assert/strict';
import { ATTRIBUTES, type AttributeName, type SpanName } from '@halfopen/telemetry';
import type { Tracer } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';

/** A real tracer whose spans a test can look at. */
export class Telemetry {
  readonly #exporter = new InMemorySpanExporter();
  readonly tracer: Tracer;

  constructor() {
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#exporter)] });
    this.tracer = provider.getTracer('test');
  }

  /** Spans of that name, oldest first, those only whose attributes are as given. */
  spans(name: SpanName, having: Partial<Record<AttributeName, unknown>> = {}): ReadableSpan[] {
    return this.#exporter
      .getFinishedSpans()
      .filter((span) => span.name === name)
      .filter(({ attributes }) => Object.entries(having).every(([key, value]) => attributes[key] === value));
  }

  all(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  attributes(
    name: SpanName,
    having: Partial<Record<AttributeName, unknown>> = {},
  ): ReadableSpan['attributes'][] {
    return this.spans(name, having).map(({ attributes }) => attributes);
  }
}

/** ms */
export function durationOf({ duration: [seconds, nanoseconds] }: ReadableSpan): number {
  return seconds * 1_000 + nanoseconds / 1e6;
}

/** Every attribute is one of the contract, of its type and on its span. */
export function assertOfContract(spans: readonly ReadableSpan[]): void {
  for (const { name, attributes } of spans) {
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith('messaging.')) continue;
      const attribute = ATTRIBUTES[key as AttributeName];
      assert.ok(key in ATTRIBUTES, `${key} is not of the contract`);
      assert.ok((attribute.spans as readonly string[]).includes(name), `${key} on ${name}`);
      const type = attribute.type === 'bool' ? 'boolean' : attribute.type === 'string' ? 'string' : 'number';
      assert.equal(typeof value, type, key);
      if (attribute.type === 'int') assert.ok(Number.isInteger(value), `${key} is ${String(value)}`);
    }
  }
}
