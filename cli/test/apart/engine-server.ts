import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Session } from 'chdb';

/**
 * The engine behind ClickHouse's HTTP protocol, with writes: what the registries reached here have no server for. The
 * same engine as a server's, so tokens, views and deadlines are the real ones; only the way in is ours, and it takes just
 * what the store's server driver sends. For tests alone: it asks for no password.
 */
export class EngineServer {
  /** Tokens of inserts of spans that were carried out, each as often as it was. */
  readonly tokens: string[] = [];
  /** Asked before each statement, with its user's name: waits as long as it likes. */
  before: (sql: string, user: string) => Promise<void> = () => Promise.resolve();
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  #staged = 0;
  #port = 0;

  /** @param engine keeps the engine's files open for as long as this lives */
  private constructor(
    private readonly engine: Session,
    private readonly dir: string,
  ) {}

  /** Its port is free unless given. */
  static async open(dir: string, port = 0): Promise<EngineServer> {
    await mkdir(join(dir, 'bodies'), { recursive: true });
    await mkdir(join(dir, 'engine-server'), { recursive: true });
    const server = new EngineServer(new Session(join(dir, 'engine-server', 'engine')), dir);
    server.#port = port;
    await server.listen();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What the engine holds, apart from the way that is tested. */
  async query<Row>(sql: string): Promise<Row[]> {
    const text = (await this.engine.queryAsync(sql, { format: 'JSONEachRow' })).text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row);
  }

  /** Again on the port that it had. */
  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  /** As a server that is away: connections end, what is under way in the engine goes on. */
  async leave(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.leave();
    this.engine.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/ping') {
      response.end('Ok.\n');
      return;
    }
    try {
      const body = await buffer(request);
      const inUrl = url.searchParams.get('query');
      const sql = inUrl ?? body.toString('utf8');
      await this.before(sql, userOf(request));
      const answer = await this.#run(sql, inUrl === null ? undefined : body, url.searchParams);
      const { rowsRead, bytesRead, elapsed } = answer;
      const summary = {
        result_rows: `${rowsRead}`,
        result_bytes: `${bytesRead}`,
        elapsed_ns: `${elapsed * 1e9}`,
      };
      response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary));
      response.end(answer.bytes());
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      response.statusCode = 500;
      response.setHeader('X-ClickHouse-Exception-Code', /Code: (\d+)/.exec(text)?.[1] ?? '0');
      response.end(text);
    }
  }

  async #run(sql: string, rows: Buffer | undefined, url: URLSearchParams) {
    const connectionArgs = settingsOf(url);
    const session = new Session(join(this.dir, 'engine-server', 'engine'), { connectionArgs });
    const file = join(this.dir, 'bodies', `${this.#staged++}.rows`);
    try {
      if (rows !== undefined) await writeFile(file, rows);
      // The one change: rows come from a file, since chdb takes no binary rows behind a statement.
      const statement =
        rows === undefined
          ? sql
          : sql
              .replace(/FROM input\('/, `FROM file('${file}', 'RowBinary', '`)
              .replace(/ FORMAT RowBinary$/, '');
      const format = /\sFORMAT (\w+)\s*$/.exec(statement)?.[1];
      const text = bound(format === undefined ? statement : statement.replace(/\sFORMAT \w+\s*$/, ''), url);
      const answer = await session.queryAsync(text, format === undefined ? {} : { format });
      const token = /^INSERT INTO otel_traces .*insert_deduplication_token = '([^']*)'/.exec(sql)?.[1];
      if (token !== undefined) this.tokens.push(token);
      return answer;
    } finally {
      session.close();
      await rm(file, { force: true });
    }
  }
}

/** Whatever in an address is none of these is a setting. */
const NO_SETTING =
  /^(?:param_.*|query|query_id|database|default_format|wait_end_of_query|enable_http_compression)$/;

function settingsOf(url: URLSearchParams): string[] {
  const settings = [...url].filter(([name]) => !NO_SETTING.test(name) && name !== 'readonly');
  const given = settings.map(([name, value]) => `--${name}=${value}`);
  return url.get('readonly') === '1' ? [...given, '--readonly=1'] : given;
}

function userOf({ headers }: IncomingMessage): string {
  const [, credentials = ''] = (headers.authorization ?? '').split(' ');
  return Buffer.from(credentials, 'base64').toString('utf8').split(':')[0] ?? '';
}

/** Values of `{name:Type}` come escaped as in TabSeparated; here they become literals, cast as a server casts them. */
function bound(sql: string, url: URLSearchParams): string {
  return sql.replace(/\{(\w+):([^{}]+)\}/g, (whole, name: string, type: string) => {
    const value = url.get(`param_${name}`);
    if (value === null) return whole;
    const literal = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
    return `_CAST(${literal(unescaped(value))}, ${literal(type)})`;
  });
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', 0: '\0' };

function unescaped(value: string): string {
  return value.replace(/\\(.)/gs, (_whole, letter: string) => ESCAPES[letter] ?? letter);
}
