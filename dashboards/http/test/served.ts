import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openEmbeddedStore, openPeopleSql, type EmbeddedStore, type PeopleSqlLimits } from '@halfopen/store';
import { openSqlServer, type Guard } from '../src/index.js';

export interface Served {
  readonly url: string;
  readonly port: number;
  readonly store: EmbeddedStore;
  /** What the server has logged: nothing, unless something went wrong that nobody has foreseen. */
  readonly logged: object[];
}

export interface ServedOptions {
  readonly limits?: Partial<PeopleSqlLimits>;
  readonly guard?: Guard;
}

/** The route over an empty store, on a free port; all is gone after the test. */
export async function served(t: TestContext, options: ServedOptions = {}): Promise<Served> {
  const path = await mkdtemp(join(tmpdir(), 'halfopen-http-'));
  const store = await openEmbeddedStore({ path });
  const people = await openPeopleSql(store, options.limits);
  const logged: object[] = [];
  const log = { error: (what: object) => void logged.push(what) };
  const server = await openSqlServer({ people, log, guard: options.guard ?? (() => undefined) });
  t.after(async () => {
    await server.close();
    await people.close();
    await store.close();
    await rm(path, { recursive: true, force: true });
  });
  const { port } = await server.listen('127.0.0.1', 0);
  return { url: `http://127.0.0.1:${port}`, port, store, logged };
}

export interface Exchange {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Node's own client adds nothing and takes nothing away: bytes as they are on the wire. */
export function begin(url: string, { method, headers, body }: Exchange = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sending = httpRequest(
      url,
      { method: method ?? (body === undefined ? 'GET' : 'POST'), headers: { ...headers }, agent: false },
      resolve,
    );
    sending.once('error', reject);
    sending.end(body);
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

/** @throws Error where the body has no proper end */
export async function ask(url: string, exchange: Exchange = {}): Promise<Answer> {
  const response = await begin(url, exchange);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return { status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() };
}

/** Of a query in the URL. */
export function queryUrl(url: string, params: Readonly<Record<string, string>>): string {
  return `${url}/?${new URLSearchParams(params).toString()}`;
}

/** The number of the exception, as the header and the text have it. */
export function codeOf({ headers, text }: Answer): number {
  const inText = Number(
    /^Code: (\d+)\. DB::Exception: .*\([A-Z][A-Z0-9_]+\) \(version [\d.]+\)\n$/s.exec(text)?.[1],
  );
  const inHeader = Number(headers['x-clickhouse-exception-code']);
  return inText === inHeader ? inText : NaN;
}
