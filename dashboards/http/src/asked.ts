import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readBody } from './body.js';
import { header } from './caller.js';
import { encodingFor, type Encoding } from './encoding.js';
import { ClickHouseException } from './exceptions.js';
import { isForm, readForm } from './form.js';

/** What a request asks for. */
export interface Asked {
  readonly sql: string;
  /** Where the text has no FORMAT clause. */
  readonly format: string;
  /** Values of `{name:Type}`, as they came. */
  readonly params: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  readonly queryId: string;
  /** 0 where the client has none: it reads Native without block headers. */
  readonly protocolVersion: number;
  readonly waitsForEnd: boolean;
  readonly encoding: Encoding | undefined;
}

/** Parameters of a URL that are read here or by the guard. */
const READ_HERE = new Set([
  'client_protocol_version',
  'compress',
  'database',
  'decompress',
  'default_format',
  'enable_http_compression',
  'password',
  'query',
  'query_id',
  'user',
  'wait_end_of_query',
]);

/**
 * Settings and parameters that clients send and that mean nothing here: there are no sessions, roles, quotas, logs of
 * queries or inserts, nothing is reported before the answer, and nothing can be written whatever `readonly` says.
 */
export const IGNORED_SETTINGS: ReadonlySet<string> = new Set([
  'add_http_cors_header',
  'async_insert',
  'buffer_size',
  'cancel_http_readonly_queries_on_client_close',
  'close_session',
  'connect_timeout',
  'http_headers_progress_interval_ms',
  'http_receive_timeout',
  'http_response_buffer_size',
  'http_send_timeout',
  'http_wait_end_of_query',
  'http_write_exception_in_output_format',
  'http_zlib_compression_level',
  'insert_deduplicate',
  'log_comment',
  'log_profile_events',
  'log_queries',
  'network_compression_method',
  'priority',
  'quota_key',
  'readonly',
  'receive_timeout',
  'role',
  'send_progress_in_http_headers',
  'send_timeout',
  'session_check',
  'session_id',
  'session_timeout',
  'stacktrace',
  'use_query_cache',
  'wait_for_async_insert',
]);

const PARAMETER = /^param_(\w{1,128})$/;
const QUERY_ID = /^[\x21-\x7e]{1,128}$/;

/** @throws ClickHouseException if it cannot be asked in this way */
export async function readAsked(request: IncomingMessage, url: URLSearchParams): Promise<Asked> {
  if (/^\s*INSERT\b/i.test(url.get('query') ?? ''))
    throw new ClickHouseException('READONLY', 'INSERT is not allowed here: telemetry comes in by OTLP');
  const inBody = request.method === 'POST' ? await bodyOf(request) : { sql: '', params: {} };
  const inUrl = url.get('query') ?? '';
  const database = url.get('database') ?? header(request, 'x-clickhouse-database') ?? '';
  if (database !== '' && database !== 'default')
    throw new ClickHouseException(
      'UNKNOWN_DATABASE',
      `database ${database.slice(0, 100)} does not exist: there is one, default`,
    );
  for (const name of ['compress', 'decompress'])
    if (isOn(url.get(name)))
      throw new ClickHouseException(
        'NOT_IMPLEMENTED',
        `${name}=1 (ClickHouse's own blocks) is not spoken here: use Accept-Encoding and Content-Encoding with gzip`,
      );
  const { params, settings } = assigned(url);
  return {
    // The URL's part and the body's are one text, as in ClickHouse.
    sql: inUrl !== '' && inBody.sql !== '' ? `${inUrl}\n${inBody.sql}` : inUrl + inBody.sql,
    format: url.get('default_format') ?? header(request, 'x-clickhouse-format') ?? 'TabSeparated',
    params: { ...params, ...inBody.params },
    settings,
    queryId: queryIdOf(url.get('query_id')),
    protocolVersion: protocolVersionOf(url.get('client_protocol_version')),
    waitsForEnd: isOn(url.get('wait_end_of_query')),
    encoding:
      url.get('enable_http_compression') === '0'
        ? undefined
        : encodingFor(header(request, 'accept-encoding')),
  };
}

interface Body {
  readonly sql: string;
  readonly params: Readonly<Record<string, string>>;
}

/** Form fields carry statement and parameters where a client finds them too long for the URL; else the body is the text. */
async function bodyOf(request: IncomingMessage): Promise<Body> {
  const bytes = await readBody(request);
  if (!isForm(request)) return { sql: textOf(bytes), params: {} };
  const params: Record<string, string> = {};
  let sql = '';
  for (const [name, value] of await readForm(request, bytes)) {
    const parameter = PARAMETER.exec(name)?.[1];
    if (name === 'query') sql += value;
    else if (parameter !== undefined) params[parameter] = value;
    else throw new ClickHouseException('BAD_ARGUMENTS', `form field ${name.slice(0, 100)} is not known`);
  }
  return { sql, params };
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ClickHouseException('SYNTAX_ERROR', 'the statement is not UTF-8', { cause });
  }
}

function assigned(url: URLSearchParams): Pick<Asked, 'params' | 'settings'> {
  const params: Record<string, string> = {};
  const settings: Record<string, string> = {};
  for (const [name, value] of url) {
    if (READ_HERE.has(name) || IGNORED_SETTINGS.has(name)) continue;
    const parameter = PARAMETER.exec(name)?.[1];
    const into = parameter === undefined ? settings : params;
    const key = parameter ?? name;
    if (Object.hasOwn(into, key))
      throw new ClickHouseException('BAD_ARGUMENTS', `${name.slice(0, 100)} is given twice`);
    into[key] = value;
  }
  return { params, settings };
}

function queryIdOf(given: string | null): string {
  if (given === null || given === '') return randomUUID();
  if (QUERY_ID.test(given)) return given;
  throw new ClickHouseException('BAD_ARGUMENTS', 'query_id must be up to 128 printable ASCII characters');
}

function protocolVersionOf(given: string | null): number {
  if (given === null || given === '') return 0;
  if (/^\d{1,9}$/.test(given)) return Number(given);
  throw new ClickHouseException('BAD_ARGUMENTS', 'client_protocol_version must be a number such as 54460');
}

function isOn(value: string | null): boolean {
  return value !== null && /^(?:1|true)$/i.test(value);
}
