import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { KafkaBroker } from '@halfopen/lab';
import { traceRequestFromJson } from '@halfopen/otlp';
import { afterwards } from '../afterwards.js';
import { ROOT } from '../docs/pages.js';
import { halfopen, part, sample, temporaryFolder } from '../halfopen.js';
import { until } from '../until.js';
import { EngineServer } from './engine-server.js';

const run = promisify(execFile);

/** Runs `other_program.py`, which shares no code with us, and gives it this to read. */
async function otherProgram(args: readonly string[], input = ''): Promise<string> {
  const { stdout: python } = await run(process.execPath, [join(ROOT, 'scripts', 'setup', 'python.mjs')]);
  const program = join(ROOT, 'cli', 'test', 'apart', 'other_program.py');
  const running = run(python.trim(), [program, ...args], { maxBuffer: 64 * 2 ** 20 });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** A span as `other_program.py` prints it. */
interface ReadSpan {
  readonly key: string | null;
  readonly unknown: boolean;
  readonly [field: string]: unknown;
}

interface OtlpJson {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly scope?: { readonly name?: string };
      readonly spans: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly kind: number;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes: readonly Attribute[];
        readonly status: { readonly code?: number };
      }[];
    }[];
  }[];
}
interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Names of the published proto for those of its JSON. */
const KINDS: Readonly<Record<string, string>> = {
  stringValue: 'string_value',
  intValue: 'int_value',
  doubleValue: 'double_value',
  boolValue: 'bool_value',
};

function attributesOf(pairs: readonly Attribute[]): Record<string, unknown> {
  const plain = ({ key, value }: Attribute): [string, unknown] => {
    const [[kind, found] = ['', undefined]] = Object.entries(value);
    const name = KINDS[kind];
    assert.ok(name !== undefined, `${key}: ${kind}`);
    return [key, [name, kind === 'intValue' ? String(found) : found]];
  };
  return Object.fromEntries(pairs.map(plain));
}

/** The spans of a recorded line, as `other_program.py` has to print them. */
function spansOf(line: string): object[] {
  return (JSON.parse(line) as OtlpJson).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        resource: attributesOf(resource.attributes),
        scope: scope?.name ?? '',
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: span.kind,
        start: span.startTimeUnixNano,
        end: span.endTimeUnixNano,
        attributes: attributesOf(span.attributes),
        status: span.status.code ?? 0,
      })),
    ),
  );
}

test('what the collector puts into the topic is OTLP to others: the published proto reads the very spans that were sent', async (t) => {
  const dir = await temporaryFolder(t);
  const broker = await KafkaBroker.start({ dir: join(dir, 'broker') });
  afterwards(t, () => broker.kill());
  const config = join(dir, 'collector.yaml');
  await writeFile(
    config,
    `collector: { port: 0 }
log: { level: silent }
kafka: { brokers: ["${broker.address}"], topic: spans, partitions: 3, replicas: 1, messageBytesMax: 60000 }
`,
  );
  const collector = await part('collector', config);
  await until('the collector is ready', async () => (await fetch(`${collector.url}/readyz`)).ok);
  const lines = gunzipSync(await readFile(sample('listener-down')))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  // As JSON, and as one request in protobuf that has to be split.
  const inJson = lines.slice(0, Math.floor(lines.length / 2));
  const inProtobuf = Buffer.concat(
    lines.slice(inJson.length).map((line) => traceRequestFromJson(Buffer.from(line)).bytes),
  );
  assert.ok(inProtobuf.length > 60_000, `${inProtobuf.length} bytes`);
  const post = async (type: string, body: string | Buffer): Promise<void> => {
    const headers = { 'content-type': `application/${type}` };
    assert.equal((await fetch(`${collector.url}/v1/traces`, { method: 'POST', headers, body })).status, 200);
  };
  for (const line of inJson) await post('json', line);
  await post('x-protobuf', inProtobuf);

  const printed = await otherProgram(['read', broker.address, 'spans']);
  const read = printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReadSpan);
  const sent = lines.flatMap(spansOf);
  assert.equal(sent.length, 412);
  const sorted = (spans: readonly object[]) => spans.map((span) => JSON.stringify(span)).sort();
  assert.deepEqual(sorted(read.map(({ key: _key, unknown: _unknown, ...span }) => span)), sorted(sent));
  assert.ok(
    read.every(({ unknown }) => !unknown),
    'nothing but what the proto knows',
  );
  assert.ok(read.every(({ key }) => /^[0-9a-f]{32}$/.test(key ?? '')));
  assert.equal((await collector.stop('SIGTERM')).code, 0);
});

const START_NS = 1_790_000_000_000_000_000n;

interface WrittenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly start: string;
  readonly end: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

function written(
  number: number,
  attributes: Readonly<Record<string, unknown>> = {},
  name = `span ${number}`,
): WrittenSpan {
  return {
    traceId: number.toString(16).padStart(32, 'a'),
    spanId: number.toString(16).padStart(16, 'b'),
    name,
    start: String(START_NS + BigInt(number)),
    end: String(START_NS + BigInt(number) + 5_000_000n),
    attributes,
  };
}

const FRAME = {
  'channel.id': 'agent-1',
  'channel.end': 'agent',
  'frame.stage': 'receive',
  'frame.direction': 'to_agent',
  'frame.id': 'f-1',
};

test('what another producer writes, without a key or keyed by trace id, is stored; what is not OTLP is a dead letter', async (t) => {
  const dir = await temporaryFolder(t);
  const broker = await KafkaBroker.start({ dir: join(dir, 'broker') });
  afterwards(t, () => broker.kill());
  const engine = await EngineServer.open(dir);
  afterwards(t, () => engine.close());
  const config = join(dir, 'apart.yaml');
  await writeFile(
    config,
    `ingest: { port: 0 }
log: { level: warn }
kafka: { brokers: ["${broker.address}"], topic: others, partitions: 4, replicas: 1 }
clickhouse: { url: "${engine.url}" }
`,
  );
  const ingest = await part('ingest', config);
  await until('the ingest is ready', async () => (await fetch(`${ingest.url}/readyz`)).ok);

  const every = { text: 'größer €', int: -7, double: 0.5, bool: true, list: ['a', 1], map: { k: 'v' } };
  const keyed = written(3);
  const messages = [
    { spans: [written(1, every), written(2, FRAME, 'frame.receive')] },
    { key: keyed.traceId, spans: [keyed] },
    { key: keyed.traceId, spans: [keyed] }, // again: the same key, so the same partition
    { partition: 1, spans: [written(4)] },
    { partition: 1, spans: [written(4)] },
    { text: '{"resourceSpans":[]}' }, // as an exporter sends that is set to JSON
    { key: 'no hash of ours', spans: [written(5)] },
  ];
  await otherProgram(['write', broker.address, 'others'], JSON.stringify(messages));

  const names = async (): Promise<string[]> => {
    const rows = await engine.query<{ name: string }>(
      'SELECT SpanName AS name FROM otel_traces ORDER BY name',
    );
    return rows.map(({ name }) => name);
  };
  await until('all is stored', async () => (await names()).length >= 5);
  const counted = async (name: string) => {
    const metrics = await (await fetch(`${ingest.url}/metrics`)).text();
    return Number(new RegExp(`^halfopen_ingest_${name}_total (\\d+)`, 'm').exec(metrics)?.[1]);
  };
  await until('all is counted', async () => (await counted('records')) === messages.length);
  assert.deepEqual(await names(), ['frame.receive', 'span 1', 'span 3', 'span 4', 'span 5'], 'each once');
  assert.deepEqual(
    [await counted('resent'), await counted('dead_letters'), await counted('spans')],
    [2, 1, 5],
  );
  const [first] = await engine.query(
    `SELECT ServiceName, SpanKind, SpanAttributes, Events.Name AS events, length(Links.TraceId) AS links,
       toUInt32(Duration / 1000000) AS ms
     FROM otel_traces WHERE SpanName = 'span 1'`,
  );
  assert.deepEqual(first, {
    ServiceName: 'another producer',
    SpanKind: 'Server',
    SpanAttributes: {
      text: 'größer €',
      int: '-7',
      double: '0.5',
      bool: 'true',
      list: '["a",1]',
      map: '{"k":"v"}',
    },
    events: ['an event'],
    links: 1,
    ms: 5,
  });
  assert.deepEqual(await engine.query('SELECT channel_id, frame_id, stage FROM frames'), [
    { channel_id: 'agent-1', frame_id: 'f-1', stage: 'receive' },
  ]);

  const list = await halfopen('dead-letters', 'list', '--json', '--config', config);
  assert.equal(list.code, 0, list.stderr);
  const letter = JSON.parse(list.stdout) as Record<string, unknown>;
  assert.equal(Buffer.from(String(letter['first_bytes']), 'hex').toString(), '{"resourceSpans":[]}');
  assert.match(String(letter['position']), /^others-\d-\d+$/);
  const [row] = await engine.query<{ first: string; position: string }>(
    "SELECT first_bytes AS first, concat(topic, '-', toString(partition), '-', toString(offset)) AS position FROM dead_letters",
  );
  assert.deepEqual(row, { first: '{"resourceSpans":[]}', position: letter['position'] });
  assert.equal((await ingest.stop('SIGTERM')).code, 0);
});
