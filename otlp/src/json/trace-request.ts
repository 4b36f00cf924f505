import { OtlpError } from '../error.js';
import { traceRequestShape } from '../shapes.js';
import { WireWriter } from '../writer.js';
import { MessageEncoder } from './encode.js';
import { scanJson } from './scan.js';

/** Requests of other signals, by the name that their JSON begins with. */
const otherSignals = { resourceLogs: 'logs', resourceMetrics: 'metrics', resourceProfiles: 'profiles' };

/**
 * Turns an OTLP/JSON `ExportTraceServiceRequest` into protobuf. The same text always gives the same bytes, and what it
 * gives passes `checkTraceRequest`.
 *
 * @param json the text, or its bytes in UTF-8
 * @throws OtlpError `malformed-json`, `bad-value`, `over-bounds` or `other-signal`
 */
export function traceRequestFromJson(json: string | Uint8Array): { bytes: Buffer; spans: number } {
  const text = typeof json === 'string' ? json : decodeUtf8(json);
  const request = parse(scanJson(text));
  refuseOtherSignals(request);
  const writer = new WireWriter(Math.ceil(text.length / 2));
  const encoder = new MessageEncoder(writer);
  encoder.message(traceRequestShape, request);
  return { bytes: writer.finish(), spans: encoder.spans };
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new OtlpError('malformed-json', '', 'JSON must be UTF-8: these bytes are not', { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new OtlpError('malformed-json', '', `malformed JSON: ${what}`, { cause: error });
  }
}

function refuseOtherSignals(request: unknown): void {
  if (typeof request !== 'object' || request === null || 'resourceSpans' in request) return;
  for (const [name, signal] of Object.entries(otherSignals)) {
    if (name in request) {
      throw new OtlpError('other-signal', name, `these are ${signal}, only traces (resourceSpans) are taken`);
    }
  }
}
