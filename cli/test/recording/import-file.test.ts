import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import type { EmbeddedStore } from '@halfopen/store';
import { opened } from '../facts/stored.js';
import { halfopen, temporaryFolder } from '../halfopen.js';
import { line, lines, message } from './requests.js';

async function spans(store: EmbeddedStore): Promise<string[]> {
  const rows = await store.query<{ name: string; n: number }>(
    'SELECT SpanName AS name, toUInt32(count()) AS n FROM otel_traces GROUP BY name ORDER BY min(Timestamp)',
  );
  return rows.map(({ name, n }) => `${n} ${name}`);
}

const BAD_LINES: Readonly<Record<string, string>> = {
  'is cut off': line(3).slice(0, 80),
  'is no JSON': 'panic: runtime error',
  'has a number for a list': '{"resourceSpans":7}',
  'has an impossible time': line(3).replace(/"startTimeUnixNano":"\d+"/, '"startTimeUnixNano":"yesterday"'),
  'has metrics': '{"resourceMetrics":[]}',
};

test('a bad line in the middle ends its file there and names it; what came before is stored, and the rest once it is mended', async (t) => {
  const { store, folder, take } = await opened(t);
  const file = join(folder, 'recording.jsonl');
  for (const bad of Object.values(BAD_LINES)) {
    await writeFile(file, [...lines(1, 2), bad, ...lines(4, 5)].join('\n'));
    const { failure } = await take(file);
    assert.ok(failure?.startsWith(`${file}:3: `), failure);
    assert.deepEqual(await spans(store), ['2 span-1', '2 span-2']);
  }
  await writeFile(file, lines(1, 5).join('\n'));
  const { failure, requests, duplicates } = await take(file);
  assert.deepEqual([failure, requests, duplicates], [undefined, 5, 2]);
  assert.deepEqual(await spans(store), ['2 span-1', '2 span-2', '2 span-3', '2 span-4', '2 span-5']);
});

test('the same requests are stored once: again, compressed, as protobuf, and twice in one file', async (t) => {
  const { store, folder, take } = await opened(t);
  const file = join(folder, 'recording');
  const text = `${[...lines(1, 3), line(2)].join('\n')}\n`;
  await writeFile(file, text);
  assert.deepEqual(await take(file), { requests: 4, spans: 8, duplicates: 1 });
  for (const content of [text, gzipSync(text), Buffer.concat([1, 2, 3, 2].map(message))]) {
    await writeFile(file, content);
    assert.deepEqual(await take(file), { requests: 4, spans: 8, duplicates: 4 });
  }
  assert.deepEqual(await spans(store), ['2 span-1', '2 span-2', '2 span-3']);
});

test('a message in the middle that is no request ends its file there', async (t) => {
  const { store, folder, take } = await opened(t);
  const file = join(folder, 'recording');
  const strange = Buffer.concat([Buffer.from([0, 0, 0, 2]), Buffer.from([0x0a, 0x7f])]);
  await writeFile(file, Buffer.concat([message(1), strange, message(3)]));
  const { requests, failure } = await take(file);
  assert.equal(requests, 1);
  assert.ok(failure?.startsWith(`${file}, message 2: `), failure);
  assert.deepEqual(await spans(store), ['2 span-1']);
});

test('empty lines and requests without spans are nothing to store, and nothing wrong', async (t) => {
  const { folder, take } = await opened(t);
  const file = join(folder, 'recording.jsonl');
  await writeFile(file, `\n \r\n${line(1)}\n\n{}\n{"resourceSpans":[]}\n`);
  assert.deepEqual(await take(file), { requests: 1, spans: 2, duplicates: 0 });
});

test('the command says what it has stored, what is wrong and where, and ends with 1; files behind a bad one are not begun', async (t) => {
  const data = await temporaryFolder(t);
  const [good, bad, behind] = ['good', 'bad', 'behind'].map((name) => join(data, `${name}.jsonl`));
  assert.ok(good !== undefined && bad !== undefined && behind !== undefined);
  await writeFile(good, lines(1, 2).join('\n'));
  await writeFile(bad, [line(3), 'panic', line(4)].join('\n'));
  await writeFile(behind, line(5));
  const ended = await halfopen('import', good, bad, behind, '--data', join(data, 'data'));
  assert.equal(ended.code, 1);
  assert.equal(
    ended.stdout,
    '4 spans in 2 requests from good.jsonl (none of them stored before)\n2 spans in 1 requests from bad.jsonl (none of them stored before)\n',
  );
  assert.match(ended.stderr, /bad\.jsonl:2: /);
  const missing = await halfopen('import', join(data, 'missing.jsonl'), '--data', join(data, 'data'));
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /missing\.jsonl: there is no such file/);
});
