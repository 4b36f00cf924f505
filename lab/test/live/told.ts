import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AnyValue,
  ExportTraceServiceRequest,
  KeyValue,
  Resource,
  ResourceSpans,
  ScopeSpans,
  Span,
  traceRequestFromJson,
  WireReader,
} from '@halfopen/otlp';
import type { ContractSpan } from '../contractual.js';

/** A span as it came over the wire, with the OTLP type of each attribute's value. */
export interface ToldSpan extends ContractSpan {
  readonly service: string;
  readonly kind: number;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly types: Readonly<Record<string, string>>;
}

/** Stands in for a collector: takes OTLP/HTTP, JSON or protobuf, and keeps the spans. */
export class SpanRecorder {
  readonly spans: ToldSpan[] = [];
  readonly #server = createServer((request, response) => {
    void this.#take(request, response);
  });

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request).catch(() => undefined);
    if (body === undefined) return; // its sender has ended in the midst of it
    const isJson = request.headers['content-type']?.startsWith('application/json') === true;
    this.spans.push(...spansOf(isJson ? traceRequestFromJson(body.toString()).bytes : body));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Calls back for each field of the message, which must read it; others are skipped. */
function walk(reader: WireReader, fields: Readonly<Record<number, () => void>>): void {
  while (reader.next()) {
    const read = fields[reader.field];
    if (read === undefined) reader.skip();
    else read();
  }
}

function within(reader: WireReader, work: () => void): () => void {
  return () => {
    const outer = reader.enter();
    work();
    reader.leave(outer);
  };
}

function spansOf(body: Uint8Array): ToldSpan[] {
  const reader = new WireReader();
  reader.reset(body);
  const spans: ToldSpan[] = [];
  const resourceSpans = (): void => {
    const resource = new Attributes(reader);
    const told: Omit<ToldSpan, 'service'>[] = [];
    const scope = within(reader, () => {
      walk(reader, { [ScopeSpans.spans]: within(reader, () => told.push(span(reader))) });
    });
    walk(reader, {
      [ResourceSpans.resource]: within(reader, () => {
        walk(reader, { [Resource.attributes]: resource.take });
      }),
      [ResourceSpans.scopeSpans]: scope,
    });
    const service = String(resource.values['service.name']);
    spans.push(...told.map((one) => ({ service, ...one })));
  };
  walk(reader, { [ExportTraceServiceRequest.resourceSpans]: within(reader, resourceSpans) });
  return spans;
}

function span(reader: WireReader): Omit<ToldSpan, 'service'> {
  const attributes = new Attributes(reader);
  const found = { name: '', kind: 0, traceId: '', spanId: '', parentSpanId: '', start: 0, end: 0 };
  const hex = (key: 'traceId' | 'spanId' | 'parentSpanId') => () => {
    found[key] = bytes(reader).toString('hex');
  };
  const ms = (key: 'start' | 'end') => () => {
    reader.fixed64();
    found[key] = integer(reader) / 1e6;
  };
  walk(reader, {
    [Span.traceId]: hex('traceId'),
    [Span.spanId]: hex('spanId'),
    [Span.parentSpanId]: hex('parentSpanId'),
    [Span.name]: () => (found.name = bytes(reader).toString()),
    [Span.kind]: () => (found.kind = reader.varint()),
    [Span.startTimeUnixNano]: ms('start'),
    [Span.endTimeUnixNano]: ms('end'),
    [Span.attributes]: attributes.take,
  });
  const { traceId, spanId, ...rest } = found;
  return { ...rest, raw: { traceId, spanId }, attributes: attributes.values, types: attributes.types };
}

/** Gathers attributes, field by field. */
class Attributes {
  readonly values: Record<string, string | number | boolean> = {};
  readonly types: Record<string, string> = {};
  readonly take: () => void;

  constructor(reader: WireReader) {
    this.take = within(reader, () => {
      let key = '';
      const is = (type: string, value: string | number | boolean): void => {
        this.values[key] = value;
        this.types[key] = type;
      };
      const value = within(reader, () => {
        walk(reader, {
          [AnyValue.stringValue]: () => {
            is('string', bytes(reader).toString());
          },
          [AnyValue.boolValue]: () => {
            is('bool', reader.varint() !== 0);
          },
          [AnyValue.intValue]: () => {
            reader.varint();
            is('int', integer(reader));
          },
          [AnyValue.doubleValue]: () => {
            is('double', reader.double());
          },
        });
      });
      walk(reader, { [KeyValue.key]: () => (key = bytes(reader).toString()), [KeyValue.value]: value });
    });
  }
}

function bytes(reader: WireReader): Buffer {
  const length = reader.delimited();
  const { pos } = reader;
  reader.pos += length;
  return Buffer.from(reader.bytes.subarray(pos, pos + length));
}

/** The 64-bit value that was read last; more than 2^53 loses its last digits. */
function integer({ lo, hi }: WireReader): number {
  return hi * 2 ** 32 + (lo >>> 0);
}
