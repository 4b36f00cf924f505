import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ClickHouseException } from './exceptions.js';
import { zstd } from './zstd.js';

/** Of a request, on the wire and inflated: the longest statement that the gate reads, and its parameters. */
export const BODY_BYTES_MAX = 1_048_576;

/**
 * The body, inflated. Past the bound reading stops and the connection must be closed behind the answer.
 *
 * @throws ClickHouseException if it is too long or not what its headers say
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) throw tooLong();
  const decoder = decoderOf(request.headers['content-encoding']);
  if (decoder === undefined) return collect(request);
  let wireBytes = 0;
  request.on('data', (chunk: Buffer) => {
    wireBytes += chunk.length;
    if (wireBytes > BODY_BYTES_MAX) decoder.destroy(tooLong());
  });
  request.once('close', () => {
    if (!request.complete) decoder.destroy(new ClickHouseException('INCORRECT_DATA', 'the body was cut off'));
  });
  request.pipe(decoder);
  try {
    return await collect(decoder);
  } finally {
    request.unpipe(decoder);
    decoder.destroy();
  }
}

/** By hand: leaving a loop over the request would destroy it, and the connection with it, before it is answered. */
function collect(source: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    source.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= BODY_BYTES_MAX) return;
      source.pause().removeAllListeners('data');
      reject(tooLong());
    });
    source.once('end', () => {
      resolve(Buffer.concat(chunks));
    });
    source.once('error', (cause) => {
      const message = `the body cannot be inflated: ${cause.message}`;
      reject(
        cause instanceof ClickHouseException
          ? cause
          : new ClickHouseException('INCORRECT_DATA', message, { cause }),
      );
    });
    source.once('close', () => {
      reject(new ClickHouseException('INCORRECT_DATA', 'the body was cut off'));
    });
  });
}

function decoderOf(encoding: string | undefined): Transform | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      if (zstd !== undefined) return zstd.decoder();
  }
  throw new ClickHouseException(
    'UNKNOWN_COMPRESSION_METHOD',
    `Content-Encoding ${encoding?.slice(0, 60) ?? ''} is not read here: gzip, deflate, br and, from Node 22.15 on, zstd are`,
  );
}

function tooLong(): ClickHouseException {
  return new ClickHouseException(
    'QUERY_IS_TOO_LARGE',
    `the request's body is longer than ${BODY_BYTES_MAX} bytes`,
  );
}
