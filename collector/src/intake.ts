import type { IncomingMessage } from 'node:http';
import {
  batchId,
  checkTraceRequest,
  splitTraceRequest,
  traceRequestFromJson,
  type OtlpEncoding,
} from '@halfopen/otlp';
import { StreamError, type StreamProducer } from '@halfopen/stream';
import type { Admission } from './admission.js';
import { readBody } from './body.js';
import type { ByteBudget } from './budget.js';
import type { CollectorConfig } from './config.js';
import { isGzip } from './content.js';
import type { CollectorMetrics } from './metrics.js';
import { inFlightBytes, refuseForNow, RETRY_AFTER_S } from './refusal.js';

/** Takes one request's spans: returns once they are durable, throws a Refusal, OtlpError or StreamError if not. */
export class TraceIntake {
  constructor(
    private readonly producer: StreamProducer,
    private readonly config: CollectorConfig,
    private readonly budget: ByteBudget,
    private readonly admission: Admission,
    private readonly metrics: CollectorMetrics,
  ) {}

  async take(source: IncomingMessage, encoding: OtlpEncoding): Promise<void> {
    const gzip = isGzip(source.headers);
    const lease = this.budget.lease();
    let published: Promise<void> | undefined;
    try {
      const admittedBytes = await this.admission.enter(lease, Number(source.headers['content-length']));
      if (admittedBytes === undefined) throw inFlightBytes();
      const body = await readBody(source, gzip, this.config, lease, admittedBytes);
      this.metrics.wireBytes.inc(body.wireBytes);
      this.metrics.inflatedBytes.inc(body.bytes.length);
      const { bytes, spans } = readRequest(body.bytes, encoding);
      if (spans === 0) return;
      if (!lease.hold(bytes.length)) throw inFlightBytes();
      published = this.publish(bytes);
      await this.beforeDeadline(published);
      this.metrics.spans.inc(spans);
    } finally {
      // The producer holds the bytes for as long as it likes, answered or not: so long they count.
      const release = () => lease.hold(0);
      if (published === undefined) release();
      else published.then(release, release);
    }
  }

  private async publish(bytes: Buffer): Promise<void> {
    try {
      await Promise.all(this.parts(bytes).map((part) => this.producer.publish(batchId(part), part)));
    } catch (error) {
      if (error instanceof StreamError) throw error;
      // Not in the port's contract. The sender keeps its spans all the same, which a 500 would have it drop.
      throw refuseForNow('unavailable', 'the stream failed: send it again', RETRY_AFTER_S, { cause: error });
    }
  }

  /** Should one part not get through, the sender repeats them all, and those that did are recognised by their bytes. */
  private parts(bytes: Buffer): readonly Uint8Array[] {
    const { messageBytesMax = Infinity } = this.producer;
    const parts = splitTraceRequest(bytes, messageBytesMax);
    if (parts !== undefined) return parts;
    throw new StreamError(
      'too-large',
      `a span has more than the ${messageBytesMax} bytes that the stream takes`,
      0,
    );
  }

  private async beforeDeadline(published: Promise<void>): Promise<void> {
    const { publishTimeoutMs } = this.config;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(refuseForNow('publish-timeout', `not durable within ${publishTimeoutMs} ms: send it again`));
      }, publishTimeoutMs);
    });
    await Promise.race([published, deadline]).finally(() => {
      clearTimeout(timer);
    });
  }
}

function readRequest(body: Buffer, encoding: OtlpEncoding): { bytes: Buffer; spans: number } {
  return encoding === 'json' ? traceRequestFromJson(body) : { bytes: body, ...checkTraceRequest(body) };
}
