import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Failure } from '../failure.js';

/** One request of a recording. A line is JSON text; a message is protobuf. */
export interface Recorded {
  /** `FILE:LINE`, or `FILE, message N`. */
  readonly where: string;
  readonly kind: 'json' | 'protobuf';
  readonly bytes: Buffer;
}

/** One request may have so many bytes: as the collector allows. */
export const MESSAGE_BYTES_MAX = 20 * 1024 * 1024;

/** Read at once: a request of the greatest length comes in eighty such pieces, and each is put behind those before it. */
const CHUNK_BYTES = 256 * 1024;

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/**
 * The requests of a file: JSON lines, or protobuf messages each behind its length as 4 bytes, big-endian; gzip is known
 * by its magic. Holds one request at a time.
 *
 * @throws Failure that names the file and what is wrong
 */
export async function* readRecording(file: string): AsyncGenerator<Recorded> {
  try {
    const bytes = await inflated(file);
    let rest: Buffer = Buffer.alloc(0);
    let kind: Recorded['kind'] | undefined;
    let number = 0;
    for await (const chunk of bytes) {
      rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
      kind ??= kindOf(rest);
      if (kind !== undefined) {
        const cut = kind === 'json' ? cutLines(rest, false) : cutMessages(rest);
        for (const piece of cut.pieces) yield { where: place(file, kind, ++number), kind, bytes: piece };
        if (cut.failure !== undefined) throw new Failure(`${place(file, kind, number + 1)}: ${cut.failure}`);
        rest = cut.rest;
      }
      if (rest.length > MESSAGE_BYTES_MAX)
        throw new Failure(`${place(file, kind, number + 1)}: longer than ${MESSAGE_BYTES_MAX} bytes`);
    }
    if (kind === 'protobuf' && rest.length > 0)
      throw new Failure(`${place(file, kind, number + 1)}: the file ends within a message`);
    if (kind === 'json')
      for (const piece of cutLines(rest, true).pieces)
        yield { where: place(file, kind, ++number), kind, bytes: piece };
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Failure(
      code === 'ENOENT' ? `${file}: there is no such file` : `${file}: can't be read: ${message}`,
      1,
      { cause: error },
    );
  }
}

function place(file: string, kind: Recorded['kind'] | undefined, number: number): string {
  return kind === 'protobuf' ? `${file}, message ${number}` : `${file}:${number}`;
}

async function inflated(file: string): Promise<NodeJS.ReadableStream> {
  const head = createReadStream(file, { end: 1 });
  let magic = Buffer.alloc(0);
  for await (const chunk of head) magic = Buffer.concat([magic, chunk as Buffer]);
  const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  if (magic[0] !== GZIP_MAGIC[0] || magic[1] !== GZIP_MAGIC[1]) return source;
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  source.once('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}

/** JSON begins with a brace, perhaps after white space; a length below 20 MiB begins with 0 or 1. */
function kindOf(bytes: Buffer): Recorded['kind'] | undefined {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  return first === undefined ? undefined : first === 0x7b ? 'json' : 'protobuf';
}

/** What is whole, what may be the beginning of more, and why it cannot go on behind what is whole. */
interface Cut {
  readonly pieces: readonly Buffer[];
  readonly rest: Buffer;
  readonly failure?: string;
}

function cutLines(bytes: Buffer, final: boolean): Cut {
  const pieces: Buffer[] = [];
  let begin = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, begin)) {
    pieces.push(bytes.subarray(begin, end));
    begin = end + 1;
  }
  if (final && begin < bytes.length) {
    pieces.push(bytes.subarray(begin));
    begin = bytes.length;
  }
  return { pieces, rest: bytes.subarray(begin) };
}

function cutMessages(bytes: Buffer): Cut {
  const pieces: Buffer[] = [];
  let begin = 0;
  while (bytes.length - begin >= 4) {
    const length = bytes.readUInt32BE(begin);
    if (length > MESSAGE_BYTES_MAX) {
      const failure = `a message of ${length} bytes: neither JSON lines nor protobuf with 4-byte lengths, or longer than ${MESSAGE_BYTES_MAX} bytes`;
      return { pieces, rest: bytes.subarray(begin), failure };
    }
    if (bytes.length - begin - 4 < length) break;
    pieces.push(bytes.subarray(begin + 4, begin + 4 + length));
    begin += 4 + length;
  }
  return { pieces, rest: bytes.subarray(begin) };
}
