import { ExportTraceServiceRequest, ResourceSpans, ScopeSpans } from './fields.js';
import { WireReader, WireType } from './wire.js';

/**
 * The spans of a request in several, each of at most `bytesMax` bytes: for transports with a limit per message. Every
 * span is in one of them, with its resource and its scope, in the same order; fields that we do not know stay with what
 * held them. The same bytes give the same parts.
 *
 * @param bytes an `ExportTraceServiceRequest` that `checkTraceRequest` has passed
 * @returns the parts; undefined where one span, with what it needs, is larger by itself
 */
export function splitTraceRequest(bytes: Uint8Array, bytesMax: number): Uint8Array[] | undefined {
  if (bytes.length <= bytesMax) return [bytes];
  const parts = new Parts(bytes, bytesMax);
  const reader = new WireReader();
  reader.reset(bytes);
  while (reader.next()) {
    if (reader.field !== ExportTraceServiceRequest.resourceSpans) reader.skip();
    else if (!splitResource(reader, bytes, parts)) return undefined;
  }
  return parts.finish();
}

function splitResource(reader: WireReader, bytes: Uint8Array, parts: Parts): boolean {
  const outerEnd = reader.enter();
  const behind = reader.end;
  const resource = fieldsOf(reader, bytes, ResourceSpans.scopeSpans);
  let fits = true;
  for (const { start, end } of resource.items) {
    reader.within(start, end);
    const scope = fieldsOf(reader, bytes, ScopeSpans.spans);
    for (const span of scope.items) fits &&= parts.add(resource.header, scope.header, span);
  }
  reader.within(behind, outerEnd);
  return fits;
}

interface Slice {
  readonly start: number;
  readonly end: number;
}

/** All fields of a message but the repeated one that is split. */
type Header = Uint8Array;

/** Of the message that the reader stands in: its items, without tag and length, and the rest as it is. */
function fieldsOf(reader: WireReader, bytes: Uint8Array, field: number): { header: Header; items: Slice[] } {
  const rest: Uint8Array[] = [];
  const items: Slice[] = [];
  for (let start = reader.pos; reader.next(); start = reader.pos) {
    if (reader.field === field) {
      const length = reader.delimited();
      items.push({ start: reader.pos, end: reader.pos + length });
      reader.pos += length;
    } else {
      reader.skip();
      rest.push(bytes.subarray(start, reader.pos));
    }
  }
  return { header: Buffer.concat(rest), items };
}

interface ResourceParts {
  readonly header: Header;
  readonly scopes: { readonly header: Header; readonly spans: Slice[] }[];
}

/** The parts as they grow: spans are gathered per resource and scope, and sizes kept, so that each part is written once. */
class Parts {
  readonly #parts: Uint8Array[] = [];
  #resources: ResourceParts[] = [];
  #bytes = 0;

  constructor(
    private readonly source: Uint8Array,
    private readonly bytesMax: number,
  ) {}

  /** @returns whether the span fits into any part */
  add(resource: Header, scope: Header, span: Slice): boolean {
    // An upper bound: lengths of lengths are counted as if the messages were as long as a part may be.
    const frame = 1 + varintBytes(this.bytesMax);
    const alone = frame + resource.length + frame + scope.length + frame + (span.end - span.start);
    if (alone > this.bytesMax) return false;
    const last = this.#resources.at(-1);
    const sameResource = last?.header === resource;
    const sameScope = sameResource && last.scopes.at(-1)?.header === scope;
    const more = sameScope
      ? frame + span.end - span.start
      : sameResource
        ? alone - frame - resource.length
        : alone;
    if (this.#bytes + more > this.bytesMax) {
      this.#write();
      return this.add(resource, scope, span);
    }
    this.#bytes += more;
    const into = sameResource ? last : { header: resource, scopes: [] };
    if (!sameResource) this.#resources.push(into);
    if (sameScope) into.scopes.at(-1)?.spans.push(span);
    else into.scopes.push({ header: scope, spans: [span] });
    return true;
  }

  finish(): Uint8Array[] {
    if (this.#resources.length > 0) this.#write();
    return this.#parts;
  }

  #write(): void {
    const resources = this.#resources.map(({ header, scopes }) =>
      field(
        ExportTraceServiceRequest.resourceSpans,
        header,
        ...scopes.flatMap((scope) =>
          field(
            ResourceSpans.scopeSpans,
            scope.header,
            ...scope.spans.flatMap(({ start, end }) =>
              field(ScopeSpans.spans, this.source.subarray(start, end)),
            ),
          ),
        ),
      ),
    );
    this.#parts.push(Buffer.concat(resources.flat()));
    this.#resources = [];
    this.#bytes = 0;
  }
}

/** A length-delimited field: tag, length, and what it holds. */
function field(number: number, ...contents: readonly Uint8Array[]): Uint8Array[] {
  const length = contents.reduce((sum, { length: bytes }) => sum + bytes, 0);
  return [Uint8Array.of((number << 3) | WireType.delimited), varint(length), ...contents];
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

function varintBytes(value: number): number {
  return varint(value).length;
}
