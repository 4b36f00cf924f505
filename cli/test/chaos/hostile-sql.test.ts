import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import test from 'node:test';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterwards } from '../afterwards.js';
import { temporaryFolder, up, type Up } from '../halfopen.js';
import { batch } from './batches.js';
import { HOSTILE } from './hostile-statements.js';
import { peakMb } from './peak.js';
import { Sender } from './sender.js';

/** As long as the attack lasts, about. */
const QUIET_MS = 10_000;

const SENDERS = 4;
const SPANS = 100;
const AT_ONCE = 200;

/** What docs/operating.md promises of one process, and what two queries may take besides. */
const MEMORY_MB_MAX = 1_536 + 2 * 1_024;

/** Limits that the statements of a code come with, to be over sooner. */
const LIMITED: Readonly<Record<string, string>> = {
  159: '?max_execution_time=1',
  241: '?max_memory_usage=50000000',
};

test('hostile statements are refused or bounded, and ingestion goes on', { timeout: 600_000 }, async (t) => {
  const data = await temporaryFolder(t);
  const running = await up(data);
  const ingestion = new Ingestion(running);
  afterwards(t, () => ingestion.stop());
  await sleep(QUIET_MS);
  const quiet = ingestion.rate();
  const before = await tables(running);

  const wrong: string[] = [];
  for (const [code, statements] of Object.entries(HOSTILE)) {
    for (const sql of statements) {
      const answer = await ask(running, { query: LIMITED[code] ?? '', body: sql });
      if (answer.code !== Number(code))
        wrong.push(
          `${answer.status} ${answer.code} instead of ${code}: ${sql.slice(0, 80)}: ${answer.text.slice(0, 200)}`,
        );
    }
  }
  assert.deepEqual(wrong, []);
  await abusedRequests(running);
  await abusedConnections(running);
  await manyAtOnce(running);
  const attacked = ingestion.rate();

  const answers = await ingestion.stop();
  assert.deepEqual(
    [...answers.keys()].filter((status) => status !== 200 && status !== 429),
    [],
    'ingestion refuses nothing but for backpressure',
  );
  assert.equal((await ask(running, { body: 'SELECT 1' })).text, '1\n');
  assert.deepEqual(await tables(running), before);
  for (const name of ['halfopen-hostile', 'halfopen-hostile.csv', 'halfopen-hostile.tsv'])
    assert.ok(!existsSync(`/tmp/${name}`));
  const peak_mb = await peakMb(running.pid);
  assert.ok(peak_mb < MEMORY_MB_MAX, `peak ${peak_mb} MB`);
  assert.equal((await running.stop('SIGTERM')).code, 0);
  const count = Object.values(HOSTILE).flat().length;
  assert.ok(count >= 60);
  t.diagnostic(
    `${count} statements; ingestion ${Math.round(quiet)} spans/s before, ${Math.round(attacked)} under attack, ratio ${(attacked / quiet).toFixed(2)}; peak ${Math.round(peak_mb)} MB`,
  );
});

/** Senders that keep the collector at work, and what they are answered. */
class Ingestion {
  readonly #sender: Sender;
  readonly #answers = new Map<number | 'none', number>();
  readonly #sending: Promise<void>[];
  #stored = 0;
  #since_ms = performance.now();
  #next = 0;
  #stopped = false;

  constructor({ collectorUrl }: Up) {
    this.#sender = new Sender(() => collectorUrl);
    this.#sending = Array.from({ length: SENDERS }, () => this.#send());
  }

  /** Spans that have been acknowledged since this was last asked, a second. */
  rate(): number {
    const now_ms = performance.now();
    const rate = (this.#stored * 1000) / (now_ms - this.#since_ms);
    [this.#stored, this.#since_ms] = [0, now_ms];
    return rate;
  }

  async stop(): Promise<ReadonlyMap<number | 'none', number>> {
    this.#stopped = true;
    await Promise.all(this.#sending);
    this.#sender.close();
    return this.#answers;
  }

  async #send(): Promise<void> {
    while (!this.#stopped) {
      const { status } = await this.#sender.post(batch(this.#next++, SPANS).bytes);
      this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1);
      if (status === 200) this.#stored += SPANS;
    }
  }
}

interface Answer {
  readonly status: number;
  readonly code: number;
  readonly text: string;
}

interface Asked {
  readonly query?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

const AGENT = new Agent({ keepAlive: false, maxSockets: Infinity });

function ask(
  { sqlUrl }: Pick<Up, 'sqlUrl'>,
  { query = '', method = 'POST', headers, body }: Asked,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request(
      `${sqlUrl}/${query}`,
      { method, headers: { ...headers }, agent: AGENT },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.once('end', () => {
          const code = Number(/^Code: (\d+)\./.exec(text)?.[1] ?? 0);
          resolve({ status: response.statusCode ?? 0, code, text });
        });
        response.once('error', reject);
      },
    );
    sending.once('error', reject);
    sending.end(body);
  });
}

async function tables(running: Up): Promise<string> {
  return (
    await ask(running, {
      body: 'SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name',
    })
  ).text;
}

/** Bodies, headers and URLs that are no honest client's. */
async function abusedRequests(running: Up): Promise<void> {
  const gzip = { 'Content-Encoding': 'gzip' };
  const cases: readonly (readonly [Asked, status: number, code: number])[] = [
    [{ body: gzipSync(Buffer.alloc(300_000_000)), headers: gzip }, 413, 229],
    [
      { body: gzipSync(gzipSync(Buffer.alloc(100_000_000))), headers: { 'Content-Encoding': 'gzip, gzip' } },
      415,
      89,
    ],
    [{ body: Buffer.from('SELECT 1'), headers: gzip }, 400, 117],
    [{ query: `?query=${'%20'.repeat(10_000)}SELECT%201%3BSELECT%202`, method: 'GET' }, 400, 62],
    [
      {
        query: '?query=%53%45%4c%45%43%54%20%66%69%6c%65%28%27%2f%65%74%63%2f%68%6f%73%74%6e%61%6d%65%27%29',
        method: 'GET',
      },
      403,
      497,
    ],
    [{ query: '?query=SELECT+1%00%3BDROP+TABLE+frames', method: 'GET' }, 400, 62],
    [{ query: '?output_format_schema=/tmp/halfopen-hostile', body: 'SELECT 1' }, 404, 115],
    [{ query: '?param_x=1&format_schema=x', body: 'SELECT {x:UInt8}' }, 404, 115],
    [{ query: '?readonly=0&allow_ddl=1', body: 'SELECT 1' }, 404, 115],
    [{ query: '?max_threads=1%20--config-file%3D/etc/passwd', body: 'SELECT 1' }, 400, 36],
    [{ query: '?param_t=system.users', body: 'SELECT * FROM {t:Identifier}' }, 400, 456],
    [{ query: '?database=../../etc', body: 'SELECT 1' }, 404, 81],
    [{ query: '?compress=1', body: 'SELECT 1' }, 501, 48],
    [{ query: '?query_id=a%0d%0aX-Injected:%201', body: 'SELECT 1' }, 400, 36],
    [{ method: 'PUT', body: 'SELECT 1' }, 501, 48],
    [{ method: 'TRACE' }, 501, 48],
    [{ body: 'SELECT 1', headers: { Host: 'evil.example' } }, 403, 497],
    [{ body: 'SELECT 1', headers: { Origin: 'http://evil.example' } }, 403, 497],
    [{ query: `?x=${'y'.repeat(100_000)}`, method: 'GET' }, 431, 0],
    [{ body: 'SELECT 1', headers: { 'X-Long': 'y'.repeat(100_000) } }, 431, 0],
  ];
  for (const [asked, status, code] of cases) {
    const answer = await ask(running, asked);
    assert.deepEqual(
      [answer.status, answer.code],
      [status, code],
      `${JSON.stringify(asked).slice(0, 200)}: ${answer.text.slice(0, 300)}`,
    );
  }
}

/** Clients that begin and do not go on. */
async function abusedConnections(running: Up): Promise<void> {
  const { hostname, port } = new URL(running.sqlUrl);
  const open = (text: string) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(text);
    return socket;
  };
  const silent = Array.from({ length: 100 }, () => open('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Le'));
  const endless = Array.from({ length: 20 }, () =>
    open('GET /?query=SELECT+number+FROM+system.numbers HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  );
  const nonsense = open('\u0000\u0001\u0002 no HTTP at all\r\n\r\n');
  nonsense.resume();
  await once(nonsense, 'close');
  for (const socket of endless) socket.destroy();
  assert.equal((await ask(running, { body: 'SELECT 1' })).text, '1\n');
  for (const socket of silent) socket.destroy();
}

/** Two run, 64 wait; the others are told to come again. */
async function manyAtOnce(running: Up): Promise<void> {
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, () =>
      ask(running, { body: 'SELECT sum(number) FROM numbers(30000000)' }),
    ),
  );
  const refused = answers.filter(({ status }) => status !== 200);
  assert.ok(refused.length > 0 && refused.length < AT_ONCE, `${refused.length} refused`);
  for (const { status, code } of refused) assert.deepEqual([status, code], [429, 202]);
}
