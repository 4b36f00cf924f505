import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import type { Simulation } from './simulator/simulation.js';

/** Lines are gathered to this size before they are compressed. */
const CHUNK_CHARS = 65_536;

/**
 * Writes the simulation as OpenTelemetry's file exporter would: gzipped JSON, one export request a line. The same
 * scenario gives the same bytes.
 */
export async function record(simulation: Simulation, file: string): Promise<void> {
  await pipeline(Readable.from(chunks(simulation)), createGzip(), createWriteStream(file));
}

function* chunks(simulation: Simulation): Generator<string, void, undefined> {
  let chunk = '';
  for (const { request } of simulation.exports()) {
    chunk += `${JSON.stringify(request)}\n`;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}
