import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { officeInStore, startIngest } from '@halfopen/ingest';
import { batchId } from '@halfopen/otlp';
import { openEmbeddedStore } from '@halfopen/store';
import { openMemoryStream } from '@halfopen/stream';
import { halfopen, temporaryFolder, up } from '../halfopen.js';
import { CONTROL, largeMessage } from './large-message.js';

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Stored by an ingest that is yet to be mended: rows of 64 KiB are too large for it. */
async function storeStrictly(data: string, messages: readonly Uint8Array[]): Promise<void> {
  const dir = join(data, 'stream');
  await mkdir(dir, { recursive: true });
  const store = await openEmbeddedStore({ path: data });
  const stream = await openMemoryStream({ dir, log: QUIET });
  const ingest = startIngest({
    consumer: stream.consumer,
    store,
    deadLetters: officeInStore({ store, bytesMax: 2 ** 20, log: QUIET }),
    log: QUIET,
    rowBytesMax: 64 * 1024,
  });
  await Promise.all(messages.map((value) => stream.producer.publish(batchId(value), value)));
  await stream.close();
  await ingest.stopped;
  await store.close();
}

async function listed(...args: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await halfopen('dead-letters', 'list', '--json', ...args);
  assert.equal(code, 0, stderr);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function spansNamed(data: string, name: string): Promise<number> {
  const query = `SELECT count() FROM otel_traces WHERE SpanName = '${name}'`;
  const { stdout } = await halfopen('sql', query, '--format', 'TabSeparated', '--data', data);
  return Number(stdout);
}

test('letters of a data directory: listed, and offered once to the version that reads them', async (t) => {
  const data = await temporaryFolder(t);
  await storeStrictly(
    data,
    ['first', 'second'].map((name) => largeMessage(name, 20, 10_000)),
  );
  const at = ['--data', data];

  const text = await halfopen('dead-letters', 'list', '--limit', '1', ...at);
  assert.equal(text.code, 0, text.stderr);
  assert.doesNotMatch(text.stdout, CONTROL);
  assert.match(text.stdout, /^memory-\S+-0-\d+ {2}\S+Z {2}rows-too-large {2}\d+ bytes\n {2}rows would take/);
  assert.match(text.stdout, /\n {2}0a [0-9a-f ]+ {2}\|\.[^\n]*owned[^\n]*\|\n\n2 open, 1 of them shown/);

  const letters = await listed(...at);
  assert.deepEqual(
    letters.map(({ reason, whole }) => [reason, whole]),
    [
      ['rows-too-large', true],
      ['rows-too-large', true],
    ],
  );
  assert.deepEqual(await listed('--reason', 'truncated', ...at), []);
  assert.deepEqual(await listed('--since', '2100-01-01T00:00:00Z', ...at), []);

  const [position] = letters.map((letter) => String(letter['position']));
  const one = await halfopen('dead-letters', 'offer', position ?? '', ...at);
  assert.deepEqual([one.code, one.stdout], [0, '1 offered again\n']);
  const all = await halfopen('dead-letters', 'offer', '--all', ...at);
  assert.deepEqual([all.code, all.stdout], [0, '1 offered again\n']);
  assert.deepEqual([await spansNamed(data, 'first'), await spansNamed(data, 'second')], [20, 20]);

  const again = await halfopen('dead-letters', 'offer', position ?? '', ...at);
  assert.deepEqual([again.code, again.stdout], [1, '0 offered again\n']);
  assert.match(again.stderr, /is no open dead letter: unknown, or offered before/);
  const none = await halfopen('dead-letters', 'list', ...at);
  assert.deepEqual([none.code, none.stdout], [0, 'no dead letter is open\n']);
  assert.deepEqual([await spansNamed(data, 'first'), await spansNamed(data, 'second')], [20, 20]);
});

test('through the up that owns the data; what still can’t be read comes back', async (t) => {
  const data = await temporaryFolder(t);
  const running = await up(data);
  // A megabyte on the wire, 300 in rows: more than any version stores in one insert.
  const body = largeMessage('huge', 300, 1_000_000);
  const response = await fetch(`${running.collectorUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: Buffer.from(body),
  });
  assert.equal(response.status, 200);
  const at = ['--data', data];
  const [letter] = await listed(...at);
  assert.deepEqual([letter?.['reason'], letter?.['whole']], ['rows-too-large', true]);
  assert.equal(letter?.['bytes'], body.length);

  const offered = await halfopen('dead-letters', 'offer', '--reason', 'rows-too-large', ...at);
  assert.deepEqual([offered.code, offered.stdout], [0, '1 offered again\n'], offered.stderr);
  const [back, ...others] = await listed(...at);
  assert.equal(others.length, 0);
  assert.equal(back?.['bytes'], body.length);
  assert.notEqual(back['position'], letter['position']);
  assert.equal(await spansNamed(data, 'huge'), 0);
  const metrics = await (await fetch(`${running.apiUrl}/metrics`)).text();
  assert.match(metrics, /^halfopen_ingest_dead_letters_total 2$/m);
  assert.match(metrics, /^halfopen_ingest_dead_letters_cut_total 0$/m);

  const post = (text: string) =>
    fetch(`${running.apiUrl}/api/v1/dead-letters/offer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: text,
    });
  for (const wrong of [
    '{}',
    '{"positions":[]}',
    '{"positions":["x"]}',
    `{"positions":${JSON.stringify(Array(1001).fill('a-0-1'))}}`,
  ])
    assert.equal((await post(wrong)).status, 400, wrong);
  assert.deepEqual(await (await post('{"positions":["a-0-1"]}')).json(), { outcomes: ['not-open'] });
  for (const wrong of ['limit=0', 'limit=100000', 'since=yesterday', 'colour=red'])
    assert.equal((await fetch(`${running.apiUrl}/api/v1/dead-letters?${wrong}`)).status, 400, wrong);
  assert.equal((await running.stop('SIGTERM')).code, 0);
});

test('a call that is not clear is refused, and says what would be', async (t) => {
  const data = await temporaryFolder(t);
  for (const [args, told] of [
    [['offer'], /name positions, or else choose with --all/],
    [['offer', 'spans-0-1', '--all'], /name positions, or else choose/],
    [['offer', 'spans'], /spans is no position of a dead letter: expected one as .* halfopen-spans-3-1234/],
    [['list', '--limit', '0'], /expected a number from 1 to 1000/],
    [['list', '--since', 'yesterday'], /--since yesterday: expected a time/],
  ] as const) {
    const { code, stderr } = await halfopen('dead-letters', ...args, '--data', data);
    assert.equal(code, 2, stderr);
    assert.match(stderr, told);
  }
});
