import type { Transform } from 'node:stream';
import type { Zlib } from 'node:zlib';
import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib';
import { zstd } from './zstd.js';

/** Compressions of answers, the first that the client takes; fast ones, for the network here is a fast one too. */
const ENCODERS: Readonly<Record<string, (() => Transform & Zlib) | undefined>> = {
  gzip: () => createGzip({ level: 1 }),
  zstd: zstd?.encoder,
  deflate: () => createDeflate({ level: 1 }),
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
};

export interface Encoding {
  readonly name: string;
  readonly encoder: () => Transform & Zlib;
}

/**
 * ClickHouse compresses where `enable_http_compression` asks for it as well. Here Accept-Encoding is enough, as anywhere
 * else on the web: Grafana sends nothing more, and curl sends none by itself.
 */
export function encodingFor(acceptEncoding: string | undefined): Encoding | undefined {
  const accepted = new Set(
    (acceptEncoding ?? '')
      .toLowerCase()
      .split(',')
      .map((part) => part.trim())
      .filter((part) => !/;\s*q=0(?:\.0*)?$/.test(part))
      .map((part) => part.split(';')[0]?.trim()),
  );
  for (const [name, encoder] of Object.entries(ENCODERS))
    if (encoder !== undefined && accepted.has(name)) return { name, encoder };
  return undefined;
}
