import { OtlpError } from './error.js';
import { ANY_VALUE_DEPTH_MAX } from './fields.js';
import { anyValueShape, spanShape, traceRequestShape, type FieldShape, type MessageShape } from './shapes.js';
import { WireError, WireReader, WireType } from './wire.js';

/**
 * Checks that the bytes are a well-formed protobuf `ExportTraceServiceRequest`, down to the leaves: every known field
 * in its wire type, every length within the message around it, AnyValues nested at most ANY_VALUE_DEPTH_MAX deep, and
 * ids of their length or empty (as the OpenTelemetry Collector's pdata has it). Unknown fields are stepped over.
 * Strings may be invalid UTF-8.
 *
 * @returns how many spans there are
 * @throws OtlpError `malformed-protobuf` or `bad-id-length`
 */
export function checkTraceRequest(bytes: Uint8Array): { spans: number } {
  const walk = new Walk(bytes);
  try {
    return { spans: walk.spans() };
  } catch (error) {
    if (error instanceof WireError || error instanceof IdLengthError) throw explain(error, walk);
    throw error;
  }
}

/** A message that a walk was in when it failed, and where in it the failing field begins. */
interface Level {
  readonly shape: MessageShape;
  readonly start: number;
  readonly fieldStart: number;
  readonly end: number;
}

/** One pass over a request. */
class Walk {
  private readonly reader = new WireReader();
  private spanCount = 0;
  /** Noted as a failure goes up through the messages, outermost first. */
  private readonly failedIn: Level[] = [];

  constructor(private readonly bytes: Uint8Array) {
    this.reader.reset(bytes);
  }

  spans(): number {
    this.message(traceRequestShape, 0, this.bytes.length, 0);
    return this.spanCount;
  }

  private message(shape: MessageShape, start: number, end: number, anyValueDepth: number): void {
    const { bytes } = this;
    let pos = start;
    try {
      while (pos < end) {
        // Nearly every field is a known string, id or message with one byte of tag and one of length. Taking these
        // without the reader, whose state is in memory, halves the time of the whole check.
        const field = shape.byDelimitedTag[bytes[pos] ?? 0];
        const length = bytes[pos + 1] ?? 0x80;
        const behind = pos + 2 + length;
        if (field !== undefined && length < 0x80 && behind <= end) {
          this.delimited(field, pos + 2, behind, anyValueDepth);
          pos = behind;
        } else {
          pos = this.anyField(shape, pos, end, anyValueDepth);
        }
      }
    } catch (error) {
      this.failedIn.unshift({ shape, start, fieldStart: pos, end });
      throw error;
    }
  }

  /** Checks the field at `pos`, whatever it is, and returns where the next one begins. */
  private anyField(shape: MessageShape, pos: number, end: number, anyValueDepth: number): number {
    const { reader } = this;
    reader.within(pos, end);
    reader.next();
    const field = shape.byNumber.get(reader.field);
    if (field !== undefined && field.wireType !== reader.wireType) {
      const what = `field ${field.number} has wire type ${reader.wireType}, must have ${field.wireType}`;
      throw new WireError('unexpected-wire-type', reader.pos, what);
    }
    if (field?.wireType !== WireType.delimited) {
      reader.skip();
      return reader.pos;
    }
    const length = reader.delimited();
    const start = reader.pos;
    this.delimited(field, start, start + length, anyValueDepth);
    return start + length;
  }

  private delimited(field: FieldShape, start: number, end: number, anyValueDepth: number): void {
    const { message, idLength } = field;
    if (message === undefined) {
      const length = end - start;
      if (idLength !== 0 && length !== idLength && length !== 0) {
        throw new IdLengthError(`an id of ${length} bytes at byte ${start}, must have ${idLength} or none`);
      }
      return;
    }
    if (message === spanShape) this.spanCount += 1;
    const depth = message === anyValueShape ? anyValueDepth + 1 : anyValueDepth;
    if (depth > ANY_VALUE_DEPTH_MAX) {
      throw new WireError('too-deep', start, `values nested more than ${ANY_VALUE_DEPTH_MAX} deep`);
    }
    this.message(message, start, end, depth);
  }

  /** Where a failed walk was, as in `resourceSpans[0].resource.attributes[2].key`. */
  failurePath(): string {
    return this.failedIn
      .map((level) => this.step(level))
      .filter((step) => step !== '')
      .join('.');
  }

  /** In a field of a span, and not in a message within it? */
  failedInSpanField(): boolean {
    return this.failedIn.at(-1)?.shape === spanShape;
  }

  /** The field of a message in which the walk failed, or '' if it failed at the field's tag. */
  private step({ shape, start, fieldStart, end }: Level): string {
    const { reader } = this;
    reader.within(fieldStart, end);
    try {
      reader.next();
    } catch {
      return '';
    }
    const number = reader.field;
    const field = shape.byNumber.get(number);
    if (field?.repeated !== true) return field?.name ?? `field ${number}`;
    let index = 0;
    reader.within(start, fieldStart);
    while (reader.next()) {
      if (reader.field === number) index += 1;
      reader.skip();
    }
    return `${field.name}[${index}]`;
  }
}

class IdLengthError extends Error {}

function explain(error: WireError | IdLengthError, walk: Walk): OtlpError {
  const isBadId = error instanceof IdLengthError;
  const isOtherField = isBadId || error.code === 'unexpected-wire-type';
  // Log records and metrics stand where spans do, with fields of other types.
  const hint =
    isOtherField && walk.failedInSpanField() ? '. Are these logs or metrics? Only traces are taken' : '';
  const code = isBadId ? 'bad-id-length' : 'malformed-protobuf';
  return new OtlpError(code, walk.failurePath(), error.message + hint, { cause: error });
}
