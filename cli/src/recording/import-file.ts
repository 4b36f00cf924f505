import { setTimeout as sleep } from 'node:timers/promises';
import { batchId, checkTraceRequest, OtlpError, traceRequestFromJson, WireError } from '@halfopen/otlp';
import { StreamError } from '@halfopen/stream';
import { EXIT, Failure } from '../failure.js';
import type { Pipeline } from '../service/pipeline.js';
import { readRecording, type Recorded } from './messages.js';

export interface Imported {
  readonly spans: number;
  readonly requests: number;
  /** Requests that had been stored before; undefined where the sink can't tell. */
  readonly duplicates: number | undefined;
  /** Why the file was not read to its end. */
  readonly failure?: string;
}

/** Where requests go; each promise settles when its request is stored. */
export interface Sink {
  publish(bytes: Uint8Array): Promise<void>;
  duplicates(): number | undefined;
}

/** Requests under way at once: enough that one group commit takes many of them. */
const UNDER_WAY_MAX = 256;

/** Bytes under way at once. */
const BYTES_UNDER_WAY_MAX = 32 * 1024 * 1024;

/** Stores the requests of a file. At the first that can't be read it stops; what came before it is stored. */
export async function importFile(
  file: string,
  sink: Sink,
  onProgress: (imported: Imported) => void,
): Promise<Imported> {
  const before = sink.duplicates() ?? 0;
  const underWay = new Set<Promise<void>>();
  let bytesUnderWay = 0;
  let spans = 0;
  let requests = 0;
  let failure: string | undefined;
  const failures: Error[] = [];
  const tell = (): Imported => {
    const duplicates = sink.duplicates();
    return {
      spans,
      requests,
      duplicates: duplicates === undefined ? undefined : duplicates - before,
      ...(failure === undefined ? {} : { failure }),
    };
  };
  try {
    for await (const recorded of readRecording(file)) {
      const request = decode(recorded);
      if (request === undefined) continue;
      while (underWay.size >= UNDER_WAY_MAX || bytesUnderWay > BYTES_UNDER_WAY_MAX)
        await Promise.race(underWay);
      if (failures.length > 0) break;
      bytesUnderWay += request.bytes.length;
      const published: Promise<void> = sink
        .publish(request.bytes)
        .then(
          () => {
            spans += request.spans;
            requests++;
            onProgress(tell());
          },
          (error: unknown) => {
            failures.push(
              error instanceof Error
                ? error
                : new Failure('publishing failed', EXIT.failed, { cause: error }),
            );
          },
        )
        .finally(() => {
          bytesUnderWay -= request.bytes.length;
          underWay.delete(published);
        });
      underWay.add(published);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error.message;
  }
  await Promise.all(underWay);
  const [first] = failures;
  if (first !== undefined) throw first;
  return tell();
}

/** An empty line, or a request without spans, is nothing to store. */
function decode({ where, kind, bytes }: Recorded): { bytes: Uint8Array; spans: number } | undefined {
  if (kind === 'json' && bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d))
    return undefined;
  try {
    const request =
      kind === 'json' ? traceRequestFromJson(bytes) : { bytes, spans: checkTraceRequest(bytes).spans };
    return request.spans === 0 ? undefined : request;
  } catch (error) {
    if (error instanceof OtlpError || error instanceof WireError)
      throw new Failure(`${where}: ${error.message}`);
    throw error;
  }
}

export function directSink({ stream, ingest }: Pipeline): Sink {
  return {
    publish: (bytes) =>
      withRetries(
        () => stream.producer.publish(batchId(bytes), bytes),
        (error) => (error instanceof StreamError && error.retryable ? error.retryAfterS : undefined),
      ),
    duplicates: () => ingest.counters().resent,
  };
}

class Refused extends Failure {
  constructor(
    message: string,
    readonly retryAfterS: number | undefined,
  ) {
    super(message);
  }
}

/** Through the collector of a running `halfopen up`. */
export function remoteSink(url: URL, headers: Readonly<Record<string, string>>, pid: number): Sink {
  const post = async (bytes: Uint8Array): Promise<void> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-protobuf' },
      body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    });
    const answer = await response.arrayBuffer();
    if (response.ok) return;
    const retryAfterS =
      response.status === 429 || response.status === 503
        ? Number(response.headers.get('retry-after') ?? 1)
        : undefined;
    throw new Refused(
      `the running halfopen (process ${pid}) answered ${response.status}: ${Buffer.from(answer).toString('latin1').slice(0, 300)}`,
      retryAfterS,
    );
  };
  return {
    publish: (bytes) =>
      withRetries(
        () => post(bytes),
        (error) => (error instanceof Refused ? error.retryAfterS : undefined),
      ),
    duplicates: () => undefined,
  };
}

/** Ten minutes at the longest hint: after that somebody should look. */
const TRIES_MAX = 60;
const RETRY_AFTER_S_MAX = 10;

async function withRetries(
  publish: () => Promise<void>,
  retryAfterS: (error: unknown) => number | undefined,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await publish();
      return;
    } catch (error) {
      const wait_s = retryAfterS(error);
      if (wait_s === undefined || tries === TRIES_MAX) throw error;
      await sleep(Math.min(wait_s, RETRY_AFTER_S_MAX) * 1000);
    }
  }
}
