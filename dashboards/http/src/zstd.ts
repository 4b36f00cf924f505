import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

/** Node has it from 22.15 on; the types that we compile with are of 20. */
const { createZstdCompress, createZstdDecompress } = zlib as {
  createZstdCompress?: () => Transform & zlib.Zlib;
  createZstdDecompress?: () => Transform;
};

export const zstd =
  createZstdCompress === undefined || createZstdDecompress === undefined
    ? undefined
    : { encoder: () => createZstdCompress(), decoder: () => createZstdDecompress() };
