import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Lease } from './budget.js';
import type { CollectorConfig } from './config.js';
import { inFlightBytes, Refusal } from './refusal.js';

export interface Body {
  /** After inflating. */
  readonly bytes: Buffer;
  readonly wireBytes: number;
}

type BodyBounds = Pick<CollectorConfig, 'wireBytesMax' | 'inflatedBytesMax'>;

/** A gzip bomb is inflated no further past its bound than this. */
const INFLATED_CHUNK_BYTES = 64 * 1024;

/**
 * Reads a request's body, inflating it if it is gzip. Holds what it has read in `lease`, which is the caller's to end.
 * A refused body is read on and thrown away, so that the sender hears the answer; the server's request time-out ends
 * that.
 *
 * @param admittedBytes held already, before the first byte
 * @throws Refusal `too-large`, `bad-gzip`, `body-cut-short` or `in-flight-bytes`
 */
export function readBody(
  source: IncomingMessage,
  gzip: boolean,
  bounds: BodyBounds,
  lease: Lease,
  admittedBytes: number,
): Promise<Body> {
  return new Promise((resolve, reject) => {
    const { wireBytesMax, inflatedBytesMax } = bounds;
    const content: Readable = gzip ? source.pipe(createGunzip({ chunkSize: INFLATED_CHUNK_BYTES })) : source;
    const chunks: Buffer[] = [];
    let wireBytes = 0;
    let bytes = 0;

    const refuse = (refusal: Refusal) => {
      source.unpipe();
      source.off('data', onWire);
      content.off('data', onContent);
      if (content !== source) content.destroy();
      source.resume();
      reject(refusal);
    };
    const onWire = (chunk: Buffer) => {
      wireBytes += chunk.length;
      if (wireBytes > wireBytesMax) refuse(tooLarge('on the wire', wireBytesMax));
    };
    const onContent = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > inflatedBytesMax) refuse(tooLarge('inflated', inflatedBytesMax));
      else if (lease.hold(Math.max(bytes, admittedBytes))) chunks.push(chunk);
      else refuse(inFlightBytes());
    };

    if (source.destroyed) {
      reject(cutShort()); // its sender left while it waited for its turn
      return;
    }
    if (Number(source.headers['content-length']) > wireBytesMax) {
      refuse(tooLarge('on the wire', wireBytesMax));
      return;
    }
    source.on('data', onWire);
    content.on('data', onContent);
    content.on('end', () => {
      resolve({ bytes: joined(chunks), wireBytes });
    });
    if (gzip)
      content.on('error', (cause) => {
        refuse(badGzip(cause));
      });
    source.on('error', (cause) => {
      refuse(cutShort(cause));
    });
    source.on('close', () => {
      if (!source.complete) refuse(cutShort());
    });
  });
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first, ...others] = chunks;
  return first !== undefined && others.length === 0 ? first : Buffer.concat(chunks);
}

function tooLarge(where: string, bytesMax: number): Refusal {
  return new Refusal('too-large', `the body ${where} has more than ${bytesMax} bytes: send smaller batches`);
}

function badGzip(cause: Error): Refusal {
  return new Refusal('bad-gzip', `the body is no valid gzip: ${cause.message}`, {}, { cause });
}

function cutShort(cause?: Error): Refusal {
  return new Refusal('body-cut-short', 'the connection closed before the whole body had come', {}, { cause });
}
