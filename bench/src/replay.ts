import { setTimeout as sleep } from 'node:timers/promises';
import { simulate } from '@halfopen/lab';
import { batchId, checkTraceRequest, traceRequestFromJson } from '@halfopen/otlp';
import type { StreamProducer } from '@halfopen/stream';

/** What a fleet sends, in the order of sending. */
export interface Recorded {
  /** Since the fleet's start. */
  readonly at_ms: number;
  readonly body: Uint8Array;
  readonly batchId: string;
}

export interface Recording {
  readonly requests: readonly Recorded[];
  readonly spans: number;
  readonly bytes: number;
}

/** Healthy channels, both ends reporting, at the contract's periods. */
export function recordFleet(channels: number, startMs: number, durationMs: number): Recording {
  const requests: Recorded[] = [];
  let spans = 0;
  let bytes = 0;
  for (const { atMs, request } of simulate({ channels, startMs, durationMs }).exports()) {
    const body = traceRequestFromJson(JSON.stringify(request)).bytes;
    requests.push({ at_ms: atMs - startMs, body, batchId: batchId(body) });
    spans += checkTraceRequest(body).spans;
    bytes += body.length;
  }
  return { requests, spans, bytes };
}

/**
 * Publishes a recording so many times faster than it was made: then a few channels arrive as densely as many would, and
 * the stream cuts its blocks as it would for those.
 *
 * @returns how long each request waited to be stored, ms
 * @throws StreamError `overloaded` where this machine stores less than it is sent
 */
export async function replay(
  { requests }: Recording,
  producer: StreamProducer,
  speed: number,
): Promise<number[]> {
  const began_ms = performance.now();
  const waits_ms: number[] = [];
  let failure: unknown;
  const published: Promise<void>[] = [];
  for (const { at_ms, batchId, body } of requests) {
    const due_ms = began_ms + at_ms / speed;
    // Timers are no finer than a millisecond; what is due within it goes out together.
    if (due_ms > performance.now() + 1) await sleep(due_ms - performance.now());
    if (failure !== undefined) throw failure as Error;
    const sent_ms = performance.now();
    const stored = producer.publish(batchId, body).then(
      () => void waits_ms.push(performance.now() - sent_ms),
      (error: unknown) => void (failure ??= error),
    );
    published.push(stored);
  }
  await Promise.all(published);
  if (failure !== undefined) throw failure as Error;
  return waits_ms;
}
