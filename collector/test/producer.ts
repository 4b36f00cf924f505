import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { StreamProducer } from '@halfopen/stream';

/** A stream in memory: keeps what is published, and settles a publish as the test says. Checks the port's contract. */
export class FakeProducer implements StreamProducer {
  readonly published: Buffer[] = [];
  messageBytesMax?: number;
  /** What becomes of a publish; by default it is durable at once. */
  outcome: () => Promise<void> = () => Promise.resolve();

  publish(batchId: string, value: Uint8Array): Promise<void> {
    const digest = createHash('sha256').update(value).digest('hex');
    assert.equal(batchId, digest.slice(0, 32), 'the batch id is the first 128 bits of SHA-256');
    this.published.push(Buffer.from(value));
    return this.outcome();
  }
}

/** A promise that the test settles. */
export function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((ok, failed) => {
    resolve = ok;
    reject = failed;
  });
  return { promise, resolve, reject };
}
