import {
  ExportTraceServiceRequest,
  InstrumentationScope,
  Resource,
  ResourceSpans,
  ScopeSpans,
  WireReader,
} from '@halfopen/otlp';
import { Attributes } from './attributes.js';
import { RowWriter } from './row-writer.js';
import { Slices } from './slices.js';
import { SpanRow } from './span-row.js';

/**
 * Appends the spans of one message, a protobuf ExportTraceServiceRequest, to the writer as rows of `otel_traces`
 * (OTEL_TRACES_COLUMNS), and returns how many. `insertedAtS`: seconds since 1970.
 *
 * Makes no JavaScript string or object per span, but for values that need another text than their bytes.
 *
 * @throws WireError if the message is malformed, RowLimitError if its rows do not fit into the writer. Either leaves the
 * writer as it was before the message.
 */
export function transcode(message: Uint8Array, insertedAtS: number, writer: RowWriter): number {
  const lengthBefore = writer.length;
  try {
    return walk.run(message, insertedAtS, writer);
  } catch (error) {
    writer.truncate(lengthBefore);
    throw error;
  }
}

/** Fields may come in any order, so each level is walked twice: for what its spans share, then for the spans. */
class RequestWalk {
  private readonly reader = new WireReader();
  private readonly row = new SpanRow(this.reader);
  private readonly resourceAttributes = new Attributes(this.reader);
  private readonly scope = new Slices(this.reader);
  /** ServiceName, ResourceAttributes, ScopeName, ScopeVersion: encoded once per scope, copied into each row. */
  private readonly origin = new RowWriter();

  run(message: Uint8Array, insertedAtS: number, writer: RowWriter): number {
    const { reader } = this;
    let spans = 0;
    reader.reset(message);
    while (reader.next()) {
      if (reader.field !== ExportTraceServiceRequest.resourceSpans) reader.skip();
      else spans += this.resourceSpans(insertedAtS, writer);
    }
    return spans;
  }

  private resourceSpans(insertedAtS: number, writer: RowWriter): number {
    const { reader, origin } = this;
    const outerEnd = reader.enter();
    const { pos: start, end } = reader;

    this.resourceAttributes.clear();
    while (reader.next()) {
      if (reader.field === ResourceSpans.resource) this.scanResource();
      else reader.skip();
    }
    origin.clear();
    this.resourceAttributes.writeServiceName(origin);
    this.resourceAttributes.writeMap(origin);
    const resourceLength = origin.length;

    let spans = 0;
    reader.within(start, end);
    while (reader.next()) {
      if (reader.field === ResourceSpans.scopeSpans) {
        origin.truncate(resourceLength);
        spans += this.scopeSpans(insertedAtS, writer);
      } else reader.skip();
    }
    reader.leave(outerEnd);
    return spans;
  }

  private scanResource(): void {
    const { reader } = this;
    const outerEnd = reader.enter();
    while (reader.next()) {
      if (reader.field === Resource.attributes) this.resourceAttributes.add();
      else reader.skip();
    }
    reader.leave(outerEnd);
  }

  private scopeSpans(insertedAtS: number, writer: RowWriter): number {
    const { reader, origin } = this;
    const outerEnd = reader.enter();
    const { pos: start, end } = reader;

    this.scope.clear();
    while (reader.next()) {
      if (reader.field === ScopeSpans.scope) this.scanScope();
      else reader.skip();
    }
    this.scope.writeString(InstrumentationScope.name, origin);
    this.scope.writeString(InstrumentationScope.version, origin);
    const originColumns = origin.rows();

    let spans = 0;
    reader.within(start, end);
    while (reader.next()) {
      if (reader.field === ScopeSpans.spans) {
        this.span(originColumns, insertedAtS, writer);
        spans += 1;
      } else reader.skip();
    }
    reader.leave(outerEnd);
    return spans;
  }

  private scanScope(): void {
    const { reader } = this;
    const outerEnd = reader.enter();
    while (reader.next()) {
      const { field } = reader;
      if (field === InstrumentationScope.name || field === InstrumentationScope.version) this.scope.add();
      else reader.skip();
    }
    reader.leave(outerEnd);
  }

  private span(originColumns: Uint8Array, insertedAtS: number, writer: RowWriter): void {
    const { reader } = this;
    const outerEnd = reader.enter();
    const { end } = reader;
    this.row.write(originColumns, insertedAtS, writer);
    reader.within(end, outerEnd);
  }
}

/** Made once, since its parts cost as much as several spans: to share it is safe, a walk is never interrupted. */
const walk = new RequestWalk();
