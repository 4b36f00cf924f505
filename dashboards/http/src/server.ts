import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PeopleSql } from '@halfopen/store';
import { sendError, sendStream, sendWhole } from './answer.js';
import { readAsked } from './asked.js';
import { admitCaller, type Guard } from './caller.js';
import { ClickHouseException, isForeseen } from './exceptions.js';
import { asAnswered, helloAnswer } from './known-statements.js';

export interface SqlServerParts {
  readonly people: PeopleSql;
  readonly guard: Guard;
  readonly log: { error(what: object, message: string): void };
}

/** Panels query side by side on connections that they keep. */
const CONNECTIONS_MAX = 512;

/** Of request line and headers: parameters come in the URL. */
const HEADER_BYTES_MAX = 65_536;

const HEADERS_MS_MAX = 10_000;
const REQUEST_MS_MAX = 30_000;

/** Longer than a proxy's or a client's usual minute, so that it is they who close. */
const KEEP_ALIVE_MS = 72_000;

/** A client that takes nothing for so long is gone. Longer than the longest query, which may send nothing all the time. */
const IDLE_MS_MAX = 660_000;

/** ClickHouse's HTTP protocol over the gate for people's SQL. */
export class SqlServer {
  readonly #server: Server;

  /** @param version of the engine */
  constructor(
    private readonly parts: SqlServerParts,
    private readonly version: string,
  ) {
    this.#server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: HEADERS_MS_MAX,
        requestTimeout: REQUEST_MS_MAX,
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
      (request, response) => void this.#handle(request, response),
    );
    this.#server.on('clientError', refuseBytes);
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.timeout = IDLE_MS_MAX;
  }

  /** @throws the listening socket's error */
  listen(host: string, port: number): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        resolve(this.#server.address() as AddressInfo);
      });
    });
  }

  /** Ends every connection, and with it every query. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      if (response.destroyed) return; // nobody waits for it any more
      if (!isForeseen(error)) this.parts.log.error({ err: error }, 'a request for SQL failed');
      sendError(response, error, this.version);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = target(request.url ?? '/');
    if (path === '/ping' || path === '/replicas_status') {
      response.end('Ok.\n');
      return;
    }
    admitCaller(this.parts.guard, request, query);
    if (path !== '/') {
      response.statusCode = 404;
      response.end('There is nothing here: queries go to /, see docs/sql-over-http.md\n');
      return;
    }
    if (request.method !== 'POST' && request.method !== 'GET' && request.method !== 'HEAD')
      throw new ClickHouseException('NOT_IMPLEMENTED', 'send queries with GET or POST');
    if (request.method !== 'POST' && !query.has('query')) {
      response.end('Ok.\n');
      return;
    }
    await this.#query(request, response, query);
  }

  async #query(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
    });
    const asked = await readAsked(request, query);
    if (asked.sql.trim() === '') throw new ClickHouseException('SYNTAX_ERROR', 'the query is empty');
    const hello = helloAnswer(asked, this.version);
    if (hello !== undefined) {
      sendWhole(response, asked, 'Native', hello);
      return;
    }
    response.setHeader('X-ClickHouse-Query-Id', asked.queryId);
    const stream = await this.parts.people.stream(asAnswered(asked.sql), {
      params: asked.params,
      paramsEscaped: true,
      format: asked.format,
      settings: asked.settings,
      signal: gone.signal,
    });
    await sendStream(response, asked, stream, this.version, gone.signal);
  }
}

/** By Node's codes; anything else is no HTTP. */
const REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** For the client to read why, before the connection goes. */
const LINGER_MS = 1_000;

/**
 * Node would close at once; with bytes still on their way that resets the connection, and the client might never see the
 * answer. So what comes is read, and dropped, for a moment longer.
 */
function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = REFUSALS[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.on('error', () => undefined);
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Opens the protocol's server; it does not listen yet. Close it before `people`. */
export async function openSqlServer(parts: SqlServerParts): Promise<SqlServer> {
  const { bytes } = await parts.people.query('SELECT version()', { format: 'TabSeparated' });
  return new SqlServer(parts, Buffer.from(bytes).toString().trim());
}

function target(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  return mark === -1
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}
