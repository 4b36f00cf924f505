import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Zlib } from 'node:zlib';
import type { PeopleStream, PeopleSummary } from '@halfopen/store';
import type { Asked } from './asked.js';
import type { Encoding } from './encoding.js';
import { errorAnswer, isForeseen } from './exceptions.js';
import { DISPLAY_NAME, TIME_ZONE } from './known-statements.js';

/**
 * Bytes that are held back before the status is sent: what is shorter gets its error as a status, and its summary. With
 * `wait_end_of_query` more, but not without a bound.
 */
const HELD_BYTES_MAX = 65_536;
const HELD_TO_THE_END_BYTES_MAX = 8_388_608;

const TYPES: readonly (readonly [format: RegExp, type: string])[] = [
  [
    /^JSON(?:Compact|Strings|Columns|CompactColumns|ColumnsWithMetadata|CompactStrings|ObjectEachRow)?$/,
    'application/json; charset=UTF-8',
  ],
  [/^(?:JSON|NDJSON)/, 'application/x-ndjson; charset=UTF-8'],
  [/^CSV/, 'text/csv; charset=UTF-8'],
  [/^(?:TSV|TabSeparated)/, 'text/tab-separated-values; charset=UTF-8'],
  [/^XML$/, 'application/xml; charset=UTF-8'],
  [/^Parquet$/, 'application/vnd.apache.parquet'],
  [/^Arrow/, 'application/vnd.apache.arrow.stream'],
  [/^(?:Native|RowBinary|RawBLOB|MsgPack|BSON|Null)/, 'application/octet-stream'],
];

/**
 * Sends a result as it comes, no faster than the client reads.
 *
 * @throws what went wrong before the first byte was sent, and what nobody has foreseen
 */
export async function sendStream(
  response: ServerResponse,
  asked: Asked,
  stream: PeopleStream,
  version: string,
  gone: AbortSignal,
): Promise<void> {
  const heldMax = asked.waitsForEnd ? HELD_TO_THE_END_BYTES_MAX : HELD_BYTES_MAX;
  const began_ms = performance.now();
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let output: Output | undefined;
  try {
    for await (const chunk of stream.bytes) {
      if (output !== undefined) {
        await output.write(chunk);
        continue;
      }
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes <= heldMax) continue;
      setHeaders(response, stream.format, { elapsedMs: performance.now() - began_ms });
      output = new Output(response, asked.encoding, gone);
      for (const early of held.splice(0)) await output.write(early);
    }
  } catch (error) {
    if (output === undefined) throw error;
    await output.breakOff(errorAnswer(error, version).text);
    if (!isForeseen(error) && !gone.aborted) throw error;
    return;
  }
  if (output !== undefined) {
    await output.end();
    return;
  }
  setHeaders(response, stream.format, await stream.summary);
  sendBytes(response, asked.encoding, Buffer.concat(held));
}

/** Sends bytes that are there, as a result in `format`. */
export function sendWhole(response: ServerResponse, asked: Asked, format: string, bytes: Buffer): void {
  setHeaders(response, format, { resultRows: 1, resultBytes: bytes.length, elapsedMs: 0 });
  sendBytes(response, asked.encoding, bytes);
}

export function sendError(response: ServerResponse, error: unknown, version: string): void {
  if (response.headersSent) {
    response.destroy(); // too late for a status: a body without its end says that it is none
    return;
  }
  const { status, number, text } = errorAnswer(error, version);
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-ClickHouse-Exception-Code', String(number));
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="halfopen"');
  if (status === 429) response.setHeader('Retry-After', '1');
  response.end(`${text}\n`);
}

type Known = Partial<PeopleSummary> & Pick<PeopleSummary, 'elapsedMs'>;

function setHeaders(response: ServerResponse, format: string, summary: Known): void {
  const type = TYPES.find(([pattern]) => pattern.test(format))?.[1] ?? 'text/plain; charset=UTF-8';
  response.setHeader('Content-Type', type);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-ClickHouse-Format', format);
  response.setHeader('X-ClickHouse-Timezone', TIME_ZONE);
  response.setHeader('X-ClickHouse-Server-Display-Name', DISPLAY_NAME);
  response.setHeader('X-ClickHouse-Summary', summaryText(summary));
}

/** Numbers are strings, as in ClickHouse. What the engine has read for a result, chdb does not tell. */
function summaryText({ resultRows, resultBytes, elapsedMs }: Known): string {
  return JSON.stringify({
    ...(resultRows === undefined ? {} : { result_rows: String(resultRows) }),
    ...(resultBytes === undefined ? {} : { result_bytes: String(resultBytes) }),
    elapsed_ns: String(Math.round(elapsedMs * 1e6)),
  });
}

function sendBytes(response: ServerResponse, encoding: Encoding | undefined, bytes: Buffer): void {
  if (encoding === undefined) {
    response.setHeader('Content-Length', bytes.length);
    response.end(bytes);
    return;
  }
  response.setHeader('Content-Encoding', encoding.name);
  const encoder = encoding.encoder();
  encoder.pipe(response);
  encoder.end(bytes);
}

/** A body that is being sent. */
class Output {
  readonly #encoder: (Transform & Zlib) | undefined;
  /** As ClickHouse has it since 25.11: with it, clients know an exception from data that looks like one. */
  readonly #tag = [...randomBytes(16)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('');

  constructor(
    private readonly response: ServerResponse,
    encoding: Encoding | undefined,
    private readonly gone: AbortSignal,
  ) {
    response.setHeader('X-ClickHouse-Exception-Tag', this.#tag);
    if (encoding === undefined) return;
    response.setHeader('Content-Encoding', encoding.name);
    this.#encoder = encoding.encoder();
    this.#encoder.on('data', (chunk: Buffer) => response.write(chunk));
    response.once('close', () => this.#encoder?.destroy());
  }

  /** Resolves when there is room for more. */
  async write(chunk: Uint8Array): Promise<void> {
    const encoder = this.#encoder;
    if (encoder === undefined) this.response.write(chunk);
    else await done((written) => encoder.write(chunk, written));
    if (this.response.writableNeedDrain) await once(this.response, 'drain', { signal: this.gone });
  }

  async end(): Promise<void> {
    const encoder = this.#encoder;
    if (encoder !== undefined) {
      const ended = once(encoder, 'end', { signal: this.gone });
      encoder.end();
      await ended;
    }
    this.response.end();
  }

  /**
   * The exception goes behind the rows, as ClickHouse writes it, and the body stays without its end: whoever does not
   * look for the one sees the other, and nobody takes the answer for a whole one.
   */
  async breakOff(exception: string): Promise<void> {
    if (this.response.destroyed) return;
    const length = Buffer.byteLength(exception) + 1;
    const block = `\r\n__exception__\r\n${this.#tag}\r\n${exception}\n${length} ${this.#tag}\r\n__exception__\r\n`;
    await this.write(Buffer.from(block));
    const encoder = this.#encoder;
    if (encoder !== undefined) {
      // Flushed, not ended: what is compressed has no proper end either.
      await done((flushed) => {
        encoder.flush(flushed);
      });
      await setImmediate();
    }
    const { socket, req } = this.response;
    // Of HTTP/1.0 the end of the connection is the end of the body: only a reset says that it is none.
    if (req.httpVersion === '1.0') socket?.resetAndDestroy();
    else socket?.destroySoon();
  }
}

function done(call: (callback: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => {
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
  });
}
